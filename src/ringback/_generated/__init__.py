"""Written by `python -m codegen`; see `spec/README.md`."""
