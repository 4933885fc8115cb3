"""Calls and messages that we started or follow.

live.py      what both have in common
calls.py     calls; messages.py messages; rooms.py conferences; for synchronous code in _generated/runtime
index.py     which of them a webhook is about
waits.py     what workers that share a store wait for of all that comes
elsewhere.py what is told of them to other workers that share the store
"""
