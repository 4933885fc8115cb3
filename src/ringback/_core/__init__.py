"""What generated code and the hand-written parts share, a room each.

client/        who asks, and with what: credentials, sessions, transports, the options of one call
operations/    an operation's way to Twilio and back: tables, exchanges, drivers, retry, paging
parameters/    what is sent: one class a wire kind, and forms
records/       what comes back: JSON into models
twiml/         what all TwiML elements, their texts and attributes have in common
webhooks/      the roots of all events
limits.py      what settings may be: seconds, counts, flags
emulation/     what the emulator's records and tables are made of
patience.py    what flows' verbs that wait have in common
forks.py       what a forked child makes anew
version.py     the version, in one place
"""
