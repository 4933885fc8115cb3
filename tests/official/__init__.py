"""Official SDKs, and what else talks to Twilio already, against the emulator.

scenarios/          what each family of resources is for, with the official Python SDK: all 197 operations
world.py            what a scenario happens in: a served emulator that keeps what it was asked and answered
runs.py             the scenarios, run once however many tests look at what they did
requests.py         requests as they are on the wire, without any SDK
console.py          what is made in Twilio's console alone
wire_types.json     the JSON type of each field of each model, as Twilio documents it
node/               scripts for Node: the official SDK, and the library that ringback began as
test_python.py      the scenarios, and that they leave nothing out
test_shapes.py      every record that came in them has exactly the fields of its model, of their types
test_codes.py       a status and code for each thing that can be wrong with a request
test_node.py        what the scripts for Node say
test_languages.py   what docs/languages.md says to copy and paste
"""
