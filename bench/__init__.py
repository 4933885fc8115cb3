"""How fast and how big ringback is, side by side with the official package; see README.md."""
