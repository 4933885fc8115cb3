"""What runs the emulated network, and knows nothing of it: no calls, phones, conferences or accounts.

clock.py        virtual time: a queue of timed actions
sids.py         SIDs and tokens that are the same in every run
requests.py     a request that a process asks for, and what comes of it
signals.py      what a waiting process is told, and what ends what it does
process.py      generators that wait for time, signals and answers
outbox.py       requests that a driver has to send
"""
