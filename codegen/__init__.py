"""Writes `src/ringback/_generated` from `spec/`. Run as `python -m codegen`; see `spec/README.md`."""
