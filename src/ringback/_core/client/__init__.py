"""Who asks, and with what.

config.py      credentials and base URL
session.py     what every resource client holds: it has exchanges carried out
resource.py    what every resource client is, and what it says to those who misspell it
opening.py     the transport, made for the first request
options.py     what may be different for one call
raw.py         a result together with the answer that it was read from
"""
