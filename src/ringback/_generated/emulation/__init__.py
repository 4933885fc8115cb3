"""Records and tables of the emulator; see `ringback._core.emulation`."""
