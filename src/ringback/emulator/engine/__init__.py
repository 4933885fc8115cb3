"""The emulated network: state, a virtual clock and rules. No I/O, no threads, no wall clock.

Each layer knows those below it, and none above:

verbs/          what TwiML does: a module a verb, all of them in table.py; run.py leads a call from its first
                document to its end
calls, messaging/       how calls and messages begin and go on
network         Network: everybody in the emulated world, phones, calls, conferences, queues
conferences, queues     rooms and lines that calls join; participants, conference_reports (what a room tells)
legs            Leg: Twilio's side of each call, its status machine and the process that runs its TwiML
people, scripts Phone and Line: people, their side of each call, what they do by a script; behaviours: by name
recordings      what is recorded: tapes (what is on a recording), transcriptions (what is said in it),
                conference_recordings, add_ons (what they make of it)
world           World: what all of these work with: time, records, the transcript, ways to tell
mishaps         what goes wrong on purpose, as chaos says
destinations    who takes calls that come in, with callers (what is known of who calls) and addresses (how
                people write them)
exchange        one webhook, with documents, misfits (what doesn't fit in them), events (what it says),
                parameters and urls
kernel/         Clock, Process, Outbox: what runs all this, and knows nothing of it

A process is a generator that yields `Ask` (an HTTP request) and `Wait` (time, a signal). Requests wait in
the outbox for a driver to send them, and to bring their answers back.

Besides: acts (what people do and notice, as it is recorded), ledger and usage (what is used, what it costs),
verification (the call that verifies a caller id), media_sessions (streams, SIPREC and transcriptions of a
call), payment_sessions and payments (what is paid by keys), user_messages (to and from SDKs), http_log (what
was asked about a call), call_signals (what a call's process is told), detection (what a call asks for),
addresses, destinations, correspondence (who writes to whom), records and tables (the Store), transcript (who
heard and did what, at which second, from which TwiML), phrases (was it heard?), audio_files (how long one
plays), ssml (how long words take), secrets (what nobody is to see), settings, trouble, arguments (what
callers give, checked).
"""
