"""Sessions: what people did and noticed, written to a file as it happens and done again later as a test.

A session is a file of JSON lines. The first says what it is; each of the others is one thing that happened:

{"at": 0.0, "phone": "+15558675310", "call": 1, "did": "dial", "to": "+15017122661"}
{"at": 0.0, "phone": "+15558675310", "call": 1, "did": "hears", "what": "Press 1.", "kind": "say"}
{"at": 1.6, "phone": "+15558675310", "call": 1, "did": "press", "what": "1"}
{"at": 2.1, "request": "POST", "path": "/2010-04-01/…", "form": [["To", "…"]], "status": 201}
{"at": 2.1, "webhook": "POST", "url": "https://…", "form": [["CallSid", "…"]], "status": 200, "answer": "…"}

    recording.py   the recorder
    reading.py     a session as it is read
    replaying.py   what people did, done again; what they notice, compared
"""

from __future__ import annotations
