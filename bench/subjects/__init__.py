"""Programs to be measured, one file each: what ringback does, what twilio-python does, what is the floor.

Each is run in a process of its own and prints one number: what it took.
"""
