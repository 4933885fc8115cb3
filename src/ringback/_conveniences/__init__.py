"""What the domain expects around the generated clients, written by hand and small.

    account         close, suspend, activate
    downloads       what is downloaded, by any client
    media           the files of recordings and messages
    numbers         buying a number from a search result
    segments        in how many segments a text is sent
    sources         where a file is that a webhook tells of

The specification names the classes that generated clients inherit (`mixins`, see spec/README.md). They use
what each generated client has: the path of its resource and the session that carries requests out.
"""
