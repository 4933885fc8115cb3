"""How an application, or a switchboard of several, plugs into web servers: one small module a protocol.

An adapter is a web application of its own, for a server or to be mounted. A middleware stands in front of
another web application and lets everything through that isn't ours.

asgi.py, wsgi.py   the protocols
given.py           what they were given: which of two is ours, and whether it is one at all
"""
