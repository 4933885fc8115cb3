"""What each TwiML verb does, as generators over `Ask` and `Wait`.

run.py          a call's life from its first document to its end
flow.py         documents: asking for them, falling back, their verbs one after the other
results.py      what a verb can come to
basic.py        the verbs that need nobody but the person on the line
sound.py        Say, Play, Pause
gather.py       Gather
record.py       Record
dial.py         Dial with numbers and clients: child legs, bridges
conference.py   Dial with a conference
queue.py        Enqueue, and Dial with a queue
beside.py       Sms, Start, Stop, Refer, Echo
"""
