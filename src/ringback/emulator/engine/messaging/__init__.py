"""Messages: out of the API, in from a phone, replies as TwiML.

incoming.py         what a phone sends: asks the application, sends its replies
replies.py          one reply of an application's document
outgoing.py         what is sent, from its first status to its last
status.py           how far a message has come, and telling whoever wants to know
senders.py          which of our numbers messages go from and come in at
media.py            the files that come or go with a message
optouts.py          the words by which people end texts, and want them again
smart_encoding.py   characters that are replaced so that texts take fewer segments
"""
