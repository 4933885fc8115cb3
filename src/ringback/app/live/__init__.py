"""Calls and messages that we started or follow.

live.py      what both have in common
calls.py     calls; messages.py messages
followed.py  which webhook is about which
"""
