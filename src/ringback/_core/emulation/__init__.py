"""What `_generated/emulation` is made of: the emulator's records and the tables that it serves them by."""
