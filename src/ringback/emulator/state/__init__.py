"""What an emulator knows, kept beyond its process.

values.py       records and what is in them <-> JSON
snapshots.py    a world <-> a snapshot of it; what becomes of what lives
keeping.py      a file that follows an emulator
files.py        snapshots in a SQLite file, of which only what has changed is written
cli.py          `ringback state`
"""
