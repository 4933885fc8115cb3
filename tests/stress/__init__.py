"""Proofs that take minutes: `make stress` runs them whole, the suite a short version of each."""
