"""What each TwiML verb does, as generators over `Ask` and `Wait`.

run.py          a call's life from its first document to its end; documents and their fallback
sound.py        Say, Play, Pause
gather.py       Gather
record.py       Record
dial.py         Dial with numbers and clients: child legs, bridges
conference.py   Dial with a conference
"""
