"""A webhook's way to its answer.

serve.py       all of it, in order:
admission.py     found, read and verified, or refused
recognise.py     recognised, where it is delivered once more
dispatch.py      dispatched to what it is for

verify.py      whether Twilio sent it; refusals.py what the log says where it is refused
handling.py    handlers at work
answers.py     TwiML as answers; held.py answers in the making, and those that take long;
    held_elsewhere.py those that another worker makes
"""
