"""What is wrong with a document, and where."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import frozen

__all__ = ["NOT_SCHEMA", "NOT_XML", "Problem", "Severity"]

Severity: TypeAlias = Literal["error", "warning", "note"]
"""`error`: Twilio refuses it, or can't do it; `warning`: probably not meant; `note`: worth a look."""

# Twilio's own codes: https://www.twilio.com/docs/api/errors/12100 and …/12200.
NOT_XML = "12100"
NOT_SCHEMA = "12200"


@frozen
class Problem:
    """One thing that is wrong, or looks wrong.

    Attributes:
        line: Where, counted from 1; 0 where the document as a whole is meant.
        column: Where in the line, counted from 1; 0 where the document as a whole is meant.
        path: The element or attribute, e.g. `/Response/Gather[2]/@numDigits`; empty where there is none.
        code: `12100` where it is no XML that can be read, `12200` where the schema doesn't allow it, and
            `RB…` for what a schema can't say.
        message: What is wrong, and what is allowed.
        suggestion: What was probably meant, or what to do, or None.
        severity: How bad it is.
    """

    line: int
    column: int
    path: str
    code: str
    message: str
    suggestion: str | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.line}:{self.column}: {self.severity}[{self.code}]: {self.message}{hint}"
