"""Phones by number, and what their people do: from a mapping, or from a file of YAML.

"+15558675310":                 # a caller who orders a table
  after: 3                      # answers after so many seconds of ringing
  script:
    - hear: Press 1
    - press: 1
    - speak: A table for two
    - hangup
"+15558675311": busy
"+15558675312":
  on_call: voicemail
  greeting: This is Carla.
  texts:
    - text: code                # answers texts with this word in them
      reply: 4711

    nodes.py    what was written, with the place of each part
    files.py    nodes from YAML: ruamel.yaml is imported there alone
    entries.py  nodes as what phones do
"""

from __future__ import annotations

from ringback.emulator.phone_book.entries import Entry, read_entries

__all__ = ["Entry", "read_entries"]
