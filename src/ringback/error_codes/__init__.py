"""What Twilio's error and warning codes mean: those of an `ApiError`, a message that failed, a problem.

    from ringback.error_codes import explain

    meaning = explain(error.code)

lookup.py   the codes, by number and by words
cli.py      the command `ringback explain`
"""

from __future__ import annotations

from ringback.error_codes.lookup import ErrorMeaning, Level, explain, nearest, of_attribute, search

__all__ = ["ErrorMeaning", "Level", "explain", "nearest", "of_attribute", "search"]
