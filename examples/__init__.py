"""Applications to read, run and begin with; `tests/examples` rings each of them.

    menu.py                   by keys or by word, with a colleague behind 0
    voicemail.py              messages kept in a folder, their words texted to the owner
    conference_bridge.py      one number, PINs, a host
    call_back_queue.py        callers hear their place, or are called back
    warm_transfer.py          a guest on hold while two others talk
    survey.py                 by voice, and by text for those who don't pick up
    appointment_reminders.py  three calls, then a text
    number_masking.py         two people who never see each other's numbers
    two_factor.py             a code by text, or read out
    on_call_rota.py           whoever is on call this week, then the next

`reception.py` is a whole restaurant; `make demo` rings it.
"""
