"""Messages: out of the API, in from a phone, replies as TwiML.

media.py        the files that come or go with a message
"""
