"""For pytest: emulators, whose tests fail where something went wrong that they did not expect.

def test_reception(emulator: Emulator, phone: Phone) -> None:
    call = phone.dial("+15017122661")
    call.expect_say("Press 1")

emulator        an emulator, and the applications of this process with it
phone           the phone of somebody who calls: +15558675310
live_emulator   the emulator over HTTP, for other processes

`@pytest.mark.ringback(clock="auto")` gives the emulator of a test, class or module other options, and so does
`emulator_options` for all tests of a module.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from ringback.emulator.emulator import Emulator
    from ringback.emulator.live import LiveEmulator
    from ringback.emulator.phones import Phone

__all__ = ["emulator", "emulator_options", "live_emulator", "phone"]

_EMULATOR: Final = pytest.StashKey["Emulator"]()
_REPORTED: Final = pytest.StashKey[bool]()
_RUNS: Final = pytest.StashKey[dict[str, int]]()
# Whose phone the fixture is.
_CALLER: Final = "+15558675310"
_MARKER: Final = (
    "ringback(**options): options of the Emulator that the fixture `emulator` gives, such as "
    'clock="auto", chaos="doubled late", phones="phones.yaml" or strict=False; the closest marker wins.'
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    config.stash[_RUNS] = {}


@pytest.fixture
def emulator_options(request: pytest.FixtureRequest) -> Mapping[str, object]:
    """Options for the emulators of a module: its `emulator_options`, or what a fixture of that name gives."""
    module = cast("object", request.module)  # pyright: ignore[reportUnknownMemberType]
    options: object = getattr(module, "emulator_options", {})
    return cast("Mapping[str, object]", options)


@pytest.fixture
def emulator(
    request: pytest.FixtureRequest,
    emulator_options: Mapping[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Emulator]:
    """An emulator with a manual clock: time moves only while the test waits for something.

    Its SIDs and tokens are made from the test's name. For the test, `TWILIO_AUTH_TOKEN` is what its webhooks
    are signed with, so that applications without a token of their own take them.

    The test fails at its end where a handler, flow or listener raised, an application refused a webhook, or
    the network found another problem, unless it says `emulator.allow_problems(…)`.
    """
    from ringback.emulator.emulator import Emulator

    node = cast("pytest.Item", request.node)
    with Emulator(**_options(node, emulator_options)) as running:  # type: ignore[arg-type]  # checked there
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", running.auth_token)
        node.stash[_EMULATOR] = running
        yield running
    # What came of its end: of flows that were cut off, for one.
    if not node.stash.get(_REPORTED, False):
        _check(running)


@pytest.fixture
def phone(emulator: Emulator) -> Phone:
    """The phone of somebody who calls, +15558675310; `emulator.phone(…)` is anybody else's."""
    return emulator.phone(_CALLER)


@pytest.fixture
def live_emulator(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveEmulator]:
    """The emulator of the test over HTTP, for other processes: `url`, `account_sid`, `auth_token`, and the
    `environment` to start them with, whose variables are also set for the test.

    Its clock runs by itself (`auto`) unless options say otherwise: nobody here waits for what others do.
    """
    from ringback.emulator.live import LiveEmulator
    from ringback.emulator.server import serving

    with serving(emulator) as url:
        live = LiveEmulator(emulator, url)
        for name, value in live.variables.items():
            monkeypatch.setenv(name, value)
        yield live


def _check(running: Emulator) -> None:
    from ringback.emulator.problems import ProblemsLeft

    told = ""
    try:
        running.check_problems()
    except ProblemsLeft as left:
        told = str(left)
    if told:  # without any traceback: it could only show what the plugin does
        pytest.fail(told, pytrace=False)


def _options(item: pytest.Item, module: object) -> dict[str, object]:
    """What the emulator of a test is made with: the closest says it."""
    from inspect import signature

    from ringback.emulator.emulator import Emulator

    allowed = list(signature(Emulator).parameters)
    options: dict[str, object] = {"seed": _seed(item), "strict": True}
    if "live_emulator" in cast("list[str]", getattr(item, "fixturenames", [])):
        options["clock"] = "auto"
    if not isinstance(module, Mapping):
        pytest.fail(f"emulator_options: expected a dict of options, got {module!r}", pytrace=False)
    options |= _known("emulator_options", cast("Mapping[str, object]", module), allowed)
    for mark in reversed(list(item.iter_markers("ringback"))):
        if mark.args:
            pytest.fail(
                f"@pytest.mark.ringback: takes options by name alone, got {mark.args!r}", pytrace=False
            )
        options |= _known("@pytest.mark.ringback", mark.kwargs, allowed)
    if isinstance(book := options.get("phones"), (str, Path)) and (item.path.parent / book).exists():
        options["phones"] = item.path.parent / book  # wherever pytest was started
    return options


def _known(where: str, options: Mapping[str, object], allowed: list[str]) -> dict[str, object]:
    from difflib import get_close_matches

    for name in options:
        if name not in allowed:
            close = get_close_matches(str(name), allowed, 1)
            hint = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(allowed)}"
            pytest.fail(f"{where}: there is no option {name!r}; {hint}", pytrace=False)
    return dict(options)


def _seed(item: pytest.Item) -> str:
    """The test's name, and how often it has run: one that is run again must not meet its own answers."""
    runs = item.config.stash[_RUNS]
    runs[item.nodeid] = runs.get(item.nodeid, 0) + 1
    return item.nodeid if runs[item.nodeid] == 1 else f"{item.nodeid} #{runs[item.nodeid]}"


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    try:
        result = yield
        if _EMULATOR in item.stash:
            _check(item.stash[_EMULATOR])
    except Exception as error:
        if _EMULATOR in item.stash and not item.config.getoption("fulltrace", default=False):
            _end_at_the_test(error)
        raise
    return result


def _end_at_the_test(error: Exception) -> None:
    from ringback.emulator.problems import tidy
    from ringback.errors import RingbackError

    if isinstance(error, RingbackError):
        tidy(error)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _EMULATOR in item.stash and not report.passed and call.excinfo is not None:
        if report.failed and not item.stash.get(_REPORTED, False):
            for section in _sections(item.stash[_EMULATOR], str(call.excinfo.value)):
                _show(report, *section)
        item.stash[_REPORTED] = True
    return report


def _show(report: pytest.TestReport, title: str, text: str) -> None:
    """Show something right below the failure, whatever is shown of captured output."""
    add: Callable[[str, str], None] | None = getattr(report.longrepr, "addsection", None)
    if add is not None:
        add(title, text)
    else:
        report.sections.append((title, text))


def _sections(emulator: Emulator, told: str) -> Iterator[tuple[str, str]]:
    """What a failure's own message does not show yet."""
    from ringback.emulator.problems import indented, traceback_of

    for failure in emulator.failures:
        text = traceback_of(failure.error)
        if indented(text) not in told:
            yield f"What {failure.route} raised", text
    transcript = str(emulator.transcript)
    if transcript and transcript not in told:
        yield "What happened in the emulator", transcript
