"""A webhook's way to its answer.

dispatch.py      all of it: matched, read, verified, recognised, dispatched
signatures.py    who may ask; refusals.py what the log says of those who may not
identity.py      what tells that two requests are one webhook
answered.py      answers that were given, which repetitions get as well
handler_runs.py  handlers at work
answers.py       TwiML as answers, and answers that take long
"""
