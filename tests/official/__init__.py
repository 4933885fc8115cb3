"""Official SDKs, and what else talks to Twilio already, against the emulator.

scenarios/      what each family of resources is for, told with the official Python SDK: all 197 operations
world.py        what a scenario happens in: a served emulator that keeps what it was asked and answered
not_yet.py      the operations that the emulator doesn't do yet
wire_types.json the JSON type of each field of each model, as Twilio documents it
test_python.py  the scenarios, and that they leave nothing out
test_shapes.py  every record that came in them has exactly the fields of its model, of their types
test_codes.py   a status and code for each thing that can be wrong with a request
"""
