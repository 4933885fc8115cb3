"""An operation's way to Twilio and back. Logic yields requests, drivers do the I/O.

operation.py   what an operation is: tables that the client encodes by and the emulator decodes by
exchanges.py   operations as exchanges: what to send, how to read what comes back
exchange.py    one exchange as a generator: errors, and what is sent again; steps.py what it asks for
drivers.py     the I/O, sync and async
retry.py       when to try again; dates.py what servers say about it
paging.py      lists that are longer than one answer
reconcile.py   looking for what a create has made whose answer was lost
"""
