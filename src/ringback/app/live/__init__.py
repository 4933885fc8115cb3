"""Calls and messages that we started or follow.

live.py      what both have in common
calls.py     calls; messages.py messages; for synchronous code in _generated/runtime
index.py     which of them a webhook is about
elsewhere.py what is told of them to other workers that share the store
"""
