"""What all webhook events have in common.

events.py       their roots, and what it takes to be a link target
requests.py     the request that brought one; parameters.py what a form or a query says
"""
