"""What each TwiML verb does, as generators over `Ask` and `Wait`.

A verb is a module of its name with one function, and a line in table.py: connect, dial (with dial_number,
dial_queue, dial_conference for its nouns, callees, dial_recording), echo, enqueue, gather, hangup, leave,
pause, pay (with pay_prompts), play, prompt, record, redirect, refer, reject, say, sms, start and stop (with
media_nouns).

run.py          a call's life from its first document to its end
answering.py    what comes before the first document: keys to press, answering machine detection
fetching.py     asking for documents, falling back
execution.py    the verbs of a document, one after the other
results.py      what a verb can come to
sounds.py       how sounds are heard, and how something is waited for meanwhile
prompts.py      Say, Play and Pause where other verbs hold them
restricted.py   which verbs run where not all of them may
conference_sounds.py    what somebody in a conference hears beside the others
file_length.py  how long a file plays
announce.py     documents that are played into a conference
"""
