"""Flows: coroutine functions that lead a whole call.

call.py       a flow and its call, as their authors see them
machine.py    one run without I/O: what its next await comes to
journal.py    what happened to a run, as its record keeps it
route.py      registered flows: versions, and links
run.py        a flow under way, whatever it leads: its coroutine and its end
runner.py     one that leads a call: the answers that it makes, and when
runs.py       those of one application: found, started, resumed and ended by webhooks
start.py      what a request that starts a flow says; step.py what one for a step says
repeated.py   whether a request has started a run already
besides.py    what all flows do besides talking
steps.py      functions whose values are recorded; values.py how
turns.py      each webhook for another worker, in tests
replay.py     a flow's code tried against a journal
keeper.py     who keeps the record of a run: nobody, or durable.py, in a shared store
sharing.py    flows over many workers: a webhook begins, resumes or ends one, whoever has it; it builds on
news.py         what a worker hears of runs: notes, what is due, that the store is back, on
asking.py       answers that other workers make, and on
takeover.py     leading runs here: new ones, and those whose owner is gone
records.py    what the records of runs say
worker.py     this process among them; reach.py the store as flows ask it
abandoned.py  coroutines that another worker goes on with
"""
