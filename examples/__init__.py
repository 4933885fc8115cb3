"""Applications to read and run; `make demo` runs `reception` on the emulator."""
