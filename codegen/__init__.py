"""Writes `src/ringback/_generated` from `spec/`. Run as `python -m codegen`; see `spec/README.md`.

source.py     YAML that knows its lines; problems.py mistakes, told with file and line
naming.py     wire names -> Python names
api/          the REST API
app/          what applications start by it
emulation/    the emulator's records and tables
flows/        the verbs of flows, made of its elements
twiml/        TwiML
webhooks/     events
error_codes/  Twilio's error codes and what they mean
runtime/      what is written from modules of `ringback.app`
templates/    the text of modules
emit.py       text -> files: format, compare, write, prune
"""
