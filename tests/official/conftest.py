"""Failures in scenarios show what was compared, as those in tests do."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.official.scenarios")
