"""Every exception that ringback raises.

    RingbackError
    ├── ConfigurationError            a missing credential, an impossible setting
    ├── InvalidValue (ValueError)     an argument that can't be sent: field, value, what is allowed
    │   └── TwimlError                the same, in a TwiML document
    ├── TransportError                no usable HTTP answer
    │   ├── ConnectFailed             nothing was sent: safe to try again
    │   ├── TimedOut                  no answer within the time allowed
    │   └── OutcomeUnknown            a create was sent and its answer lost: it may have happened
    ├── ResponseInvalid               an HTTP answer that isn't what the API promises
    ├── ApiError                      Twilio refused: status, code, message, more_info, request_id
    │   ├── InvalidRequest            400 and other 4xx
    │   ├── AuthenticationFailed      401
    │   ├── PermissionDenied          403
    │   ├── NotFound                  404
    │   ├── RateLimited               429: retry_after
    │   └── ServerError               5xx
    ├── SignatureInvalid              a webhook that Twilio did not sign
    ├── WebhookInvalid                a webhook whose parameters can't be read
    ├── RegistrationError             an application, handler or URL that can't be registered
    ├── CallError                     a live call or flow
    │   ├── ConversationOver          the other side opted out, or never answered
    │   ├── CallHungUp                the other side hung up while a flow was waiting
    │   └── FlowError                 a flow was used in a way that Twilio can't follow
    └── EmulatorError                 a test or script asked the emulator for the impossible

All of them pickle. None of them ever holds a credential.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from types import FunctionType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

__all__ = [
    "ApiError",
    "AuthenticationFailed",
    "CallError",
    "CallHungUp",
    "ConfigurationError",
    "ConnectFailed",
    "ConversationOver",
    "EmulatorError",
    "FlowChanged",
    "FlowError",
    "InvalidRequest",
    "InvalidValue",
    "JournalUnreadable",
    "NotFound",
    "OutcomeUnknown",
    "PermissionDenied",
    "RateLimited",
    "RegistrationError",
    "ResponseInvalid",
    "RingbackError",
    "ServerError",
    "SignatureInvalid",
    "StepFailed",
    "TimedOut",
    "TransportError",
    "TwimlError",
    "WebhookInvalid",
]

REDACTED = "***"


def _restore(cls: type[RingbackError], args: tuple[object, ...], state: dict[str, object]) -> RingbackError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class RingbackError(Exception):
    """The root of everything that ringback raises on purpose."""

    def __reduce__(
        self,
    ) -> tuple[
        Callable[[type[RingbackError], tuple[object, ...], dict[str, object]], RingbackError],
        tuple[type[RingbackError], tuple[object, ...], dict[str, object]],
    ]:
        # Subclasses have keyword-only constructors, which the default protocol can't call again.
        return _restore, (type(self), self.args, dict(self.__dict__))


class ConfigurationError(RingbackError):
    """A setting is missing or contradicts another one."""


class InvalidValue(RingbackError, ValueError):
    """A value that can't be sent, found before any I/O.

    Attributes:
        field: The Python name of the argument or attribute, e.g. `start_time_after`.
        value: What was given, as `repr` shows it: of text 20 characters at most, since it may be what people
            wrote, but SIDs whole and URLs up to their query; `***` where it is a secret.
        allowed: What is allowed there, in words.
    """

    def __init__(self, field: str, value: object, allowed: str, *, secret: bool = False) -> None:
        self.field = field
        self.value = REDACTED if secret else _shown(value)
        self.allowed = allowed
        super().__init__(f"{field}: expected {allowed}, got {self.value}")


class TwimlError(InvalidValue):
    """A TwiML element, attribute or text that the schema does not allow.

    Attributes:
        field: The element and its attribute, as Python names them: `Gather.num_digits`.
        message: What is wrong, without place and suggestion.
        suggestion: What was probably meant, or None.
    """

    def __init__(
        self, field: str, value: object, allowed: str, *, secret: bool = False, suggestion: str | None = None
    ) -> None:
        super().__init__(field, value, allowed, secret=secret)
        self.suggestion = suggestion
        self.message: str = self.args[0]
        if suggestion is not None:
            self.args = (f"{self.message}; did you mean {suggestion}?",)


class TransportError(RingbackError):
    """No usable answer came over HTTP."""


class ConnectFailed(TransportError):
    """No connection could be made, so nothing was sent."""


class TimedOut(TransportError):
    """The answer did not come within the time allowed."""


class OutcomeUnknown(TransportError):
    """A create was sent and its answer never came: it may or may not have happened.

    It is never sent a second time by ringback. Look for the resource before you try again:
    `client.reconcile(error, Message)`.

    Attributes:
        operation: What was asked for, such as `messages.create`; empty for `client.request`.
        path: Where, without host and extension: `/2010-04-01/Accounts/AC…/Messages`.
        sent: The form parameters by their wire names; secret ones are left out.
        sent_at: When, by this machine's clock, UTC.
    """

    def __init__(
        self,
        problem: str,
        *,
        operation: str = "",
        path: str = "",
        sent: Mapping[str, str] | None = None,
        sent_at: datetime | None = None,
    ) -> None:
        self.operation = operation
        self.path = path
        self.sent: Mapping[str, str] = sent or {}
        self.sent_at = sent_at
        super().__init__(problem)


class ResponseInvalid(RingbackError):
    """An answer that isn't what the API promises: not JSON, a missing field, a field of another type.

    Attributes:
        status: The HTTP status.
        path: Where in the body the trouble is, e.g. `calls[3].duration`; empty for the whole body.
        request_id: Twilio's id of the request, or None.
        excerpt: The first characters of the body.
    """

    def __init__(
        self, problem: str, *, status: int, path: str = "", request_id: str | None = None, excerpt: str = ""
    ) -> None:
        self.status = status
        self.path = path
        self.request_id = request_id
        self.excerpt = excerpt
        where = f" at {path}" if path else ""
        seen = f": {excerpt}" if excerpt else ""
        super().__init__(f"answer {status}{where}: {problem} (request {request_id or 'without id'}){seen}")


class ApiError(RingbackError):
    """Twilio answered with an error.

    Attributes:
        status: The HTTP status.
        code: Twilio's error code (https://www.twilio.com/docs/api/errors), or None where it sent none.
            `ringback.error_codes.explain` tells what it means.
        message: Twilio's message.
        more_info: A link that Twilio gave, or None.
        request_id: Twilio's id of the request, which its support asks for, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: int | None = None,
        more_info: str | None = None,
        request_id: str | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.more_info = more_info
        self.request_id = request_id
        numbers = f"{status}" if code is None else f"{status}, code {code}"
        super().__init__(f"{message} ({numbers}, request {request_id or 'without id'})")


class InvalidRequest(ApiError):
    """The request was understood and refused: 400, or a 4xx that has no class of its own."""


class AuthenticationFailed(ApiError):
    """401: the account SID, API key or secret is wrong."""


class PermissionDenied(ApiError):
    """403: the credentials are right and may not do this."""


class NotFound(ApiError):
    """404: there is no such resource, or it belongs to another account."""


class RateLimited(ApiError):
    """429: too many requests; this one was not processed.

    Attributes:
        retry_after: Seconds that Twilio asked to wait, or None where it named no time.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: int | None = None,
        more_info: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(message, status=status, code=code, more_info=more_info, request_id=request_id)


class ServerError(ApiError):
    """5xx: the fault is Twilio's."""


class SignatureInvalid(RingbackError):
    """A webhook's signature is missing or does not match."""


class WebhookInvalid(RingbackError):
    """A webhook request that can't be read: its body, its encoding or one of its parameters.

    Attributes:
        status: The HTTP status to answer with, a 4xx.
    """

    def __init__(self, problem: str, *, status: int = 400) -> None:
        self.status = status
        super().__init__(problem)


class RegistrationError(RingbackError):
    """An application, handler or URL that can't be registered; the message names the field."""


class CallError(RingbackError):
    """Something about a live call."""


class CallHungUp(CallError):
    """The call ended while its flow, or a `wait_for`, was waiting.

    Attributes:
        call_sid: The call.
        status: How it ended: `completed`, `busy`, `failed`, `no-answer` or `canceled`.
    """

    def __init__(self, call_sid: str, status: str = "completed") -> None:
        self.call_sid = call_sid
        self.status = status
        super().__init__(f"call {call_sid} ended ({status}) and was still waited for")


class ConversationOver(CallError):
    """A conversation by text has ended while its flow was waiting for an answer.

    Attributes:
        reason: `opted-out` where whoever is at the other end wants to hear no more, `silent` where they said
            nothing for longer than the application waits.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the conversation is over ({reason}) and an answer was still waited for")


class FlowError(CallError):
    """A flow was used in a way that Twilio can't follow, e.g. `reject` after `say`."""


class FlowChanged(FlowError):
    """A flow was taken over from another worker, or replayed, and its code does not do what it did before.

    Attributes:
        line: The line of the journal that differs, such as `out.2`.
        expected: What the journal has there.
        found: What the code does there now.
    """

    def __init__(self, line: str, expected: str, found: str) -> None:
        self.line = line
        self.expected = expected
        self.found = found
        super().__init__(
            f"{line}: the journal has {expected}, and the flow's code now does {found}. Keep the older "
            "function for the calls that still run: give the new one another version="
        )


class StepFailed(CallError):
    """What `call.step` called has failed. That is recorded, and raised again where the flow is replayed.

    Attributes:
        step: The step's name.
        kind: The class of the error, by name.
        reason: What it said.
    """

    def __init__(self, step: str, kind: str, reason: str) -> None:
        self.step = step
        self.kind = kind
        self.reason = reason
        super().__init__(f"step {step} raised {kind}: {reason}" if reason else f"step {step} raised {kind}")


class JournalUnreadable(RingbackError):
    """The record of a run was cut or garbled, or written by a newer version of ringback.

    Attributes:
        line: The line of it.
        reason: What is wrong there.
    """

    def __init__(self, line: str, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"{line}: {reason}")


class EmulatorError(RingbackError):
    """A test or script asked the emulator for something impossible, or waited in vain."""


# What a person writes fits none of these, what a programmer writes often does.
_SID: Final = re.compile(r"[A-Z]{2}[0-9a-zA-Z]{32}")
_ADDRESS: Final = re.compile(r"(?:https?|wss?)://[^\s?#]*", re.IGNORECASE)
_WITH_PASSWORD: Final = re.compile(r"\s*[a-z][a-z0-9+.-]*:/*[^\s/?#]*@", re.IGNORECASE)
_TEXT_SHOWN: Final = 20


def _shown(value: object) -> str:
    if isinstance(value, str):
        return _shown_text(value)
    if isinstance(value, (type, FunctionType)):
        return shorten(repr(value))
    try:
        return shorten(repr(value), _TEXT_SHOWN)
    except Exception:  # the value is at fault already, and what is wrong with it must not hide that
        # Integers of more than 4,300 digits have no text, for one.
        return f"<{type(value).__name__}>"


def _shown_text(text: str) -> str:
    if _SID.fullmatch(text):
        return repr(text)
    if "//" in text and _WITH_PASSWORD.match(text):
        return REDACTED
    address = _ADDRESS.match(text)
    limit = _TEXT_SHOWN if address is None else max(_TEXT_SHOWN, min(200, address.end()))
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}… ({len(text)} characters)"


if sys.version_info >= (3, 11):  # every request asks, and the older way takes ten times as long
    being_handled = sys.exception
else:

    def being_handled() -> BaseException | None:
        """The exception that the caller is handling, if it is."""
        return sys.exc_info()[1]


def forget_variables(error: BaseException, ambient: BaseException | None = None) -> None:
    """Empty the frames that an error and its causes went through; lines and names stay.

    Args:
        error: What was raised; frames that still run keep their variables.
        ambient: Where the chain of causes leaves what was done and reaches what its caller was handling.
    """
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        current = left.pop()
        if current is None or current is ambient or id(current) in seen:
            continue
        seen.add(id(current))
        traceback = current.__traceback__
        while traceback is not None:
            # Through some of them the error is still on its way.
            with suppress(RuntimeError):
                traceback.tb_frame.clear()
            traceback = traceback.tb_next
        left += (current.__cause__, current.__context__, *getattr(current, "exceptions", ()))


def shorten(text: str, limit: int = 200) -> str:
    """`text`, cut where it is too long for an error message."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
