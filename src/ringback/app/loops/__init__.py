"""Where code runs, how long it may, and how it ends.

portal.py      from synchronous code into a loop; threads.py the other way
endings.py     whether a loop is about to end; calendar.py what day it is in it
background.py  coroutines that can be ended whatever they do; failures.py what they raise
tasks.py       those of one application
watchdog.py    loops that are blocked
budget.py      how long one request may take
ready.py       nothing to await
"""
