"""Settings of all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# On CI a red build has to mean that the change is wrong, not that chance found an old mistake: there the
# examples are the same in every run. Everywhere else each run tries new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
