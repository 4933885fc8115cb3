"""Flows: coroutine functions that lead a whole call.

call.py    a flow and its call, as their authors see them
runner.py  flows under way
"""
