"""The emulated network: state, a virtual clock and rules. No I/O, no threads, no wall clock.

Network                 what everybody meets in; methods for what comes from outside
├── Clock               virtual time: a queue of timed actions
├── Store               records: accounts, applications, numbers, calls, messages, …
├── Phone > Line        people, and their side of each call
├── Leg                 Twilio's side of each call: its status machine and the process that runs its TwiML
├── Process             a generator that yields `Ask` (an HTTP request) and `Wait` (time, a signal)
├── outbox              requests that a driver has to send; their answers come back through `answered`
└── Transcript          who heard and did what, at which second, from which TwiML

In the modules: network.py, clock.py, records.py (Store), people.py and scripts.py (phones), calls.py, legs.py
and answering.py (calls), conferences.py, queues.py, recordings.py, messages.py, optouts.py (who wants no
texts), process.py (Process), verbs/ (what TwiML does), exchange.py (one webhook) with documents.py,
parameters.py and urls.py, transcript.py, sids.py, phrases.py (was it heard?), arguments.py (what callers
give, checked).
"""
