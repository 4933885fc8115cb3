"""The verbs of a flow: made from the schema and `spec/flows.yaml`, each with what its element takes, and with
a result of its own.
"""

from __future__ import annotations

import asyncio
import inspect
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jedi
import pytest

from codegen import twiml
from codegen.__main__ import ROOT, SPEC
from codegen.flows.load import load
from codegen.flows.plan import FlowPlan, VerbPlan, plan
from codegen.problems import SpecError
from codegen.twiml.records import Document
from codegen.webhooks.load import load as load_webhooks
from codegen.webhooks.records import Spec as Webhooks
from ringback import twiml as elements
from ringback import webhooks
from ringback._generated.flows import LATE
from ringback.app import Application, CallFlow, ConferenceResult, HandlerFailed
from ringback.errors import CallHungUp, FlowError, TwimlError
from ringback.twiml import (
    ConversationRelay,
    Gather,
    Hangup,
    Number,
    Prompt,
    Raw,
    Recording,
    Redirect,
    ReferSip,
    Reject,
    Room,
    Say,
    Stream,
    Task,
    VirtualAgent,
)
from ringback.webhooks import IncomingCall
from tests.app.test_flows import Line
from tests.app.twilio import TOKEN, eventually, link, served

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

URL = "https://example.com/phone"


@cache
def document() -> Document:
    return twiml.document(SPEC, "voice")


@cache
def events() -> Webhooks:
    return load_webhooks(SPEC / "webhooks.yaml")[0]


@cache
def planned() -> FlowPlan:
    return plan(*load(SPEC / "flows.yaml", "flows.yaml"), document(), events())


VERBS = {verb.name: verb for verb in planned().verbs}


@pytest.fixture
def app() -> Application:
    return Application(public_url=URL, auth_token=TOKEN, deadline=2.0)


class TestWhatTheyTake:
    def test_every_verb_of_a_document_is_there(self) -> None:
        """But `Queue`, which Twilio's documentation knows as a noun of Dial alone."""
        verbs = {name.lower() for name in planned().elements} - {"queue"}
        assert verbs | {"join_conference"} == set(VERBS)
        assert all(inspect.isfunction(getattr(CallFlow, name)) for name in VERBS)

    @pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
    def test_the_same_as_their_elements(self, verb: VerbPlan) -> None:
        def parameters(function: Callable[..., object]) -> dict[str, object]:
            found = inspect.signature(function).parameters.values()
            return {each.name: each.annotation for each in found if each.kind is each.KEYWORD_ONLY}

        def of(name: str) -> dict[str, object]:
            element: type = getattr(elements, name)
            return parameters(vars(element)["__init__"])

        expected = of(verb.element.type)
        gone = set(expected) - set(parameters(getattr(CallFlow, verb.name)))
        if verb.around is not None:
            expected |= {name: of("Dial")[name] for name in ("hangup_on_star", "time_limit")}
        assert gone <= {"action", "method", "action_on_empty_result"}
        assert bool(verb.events or verb.name == "start") or not gone
        assert parameters(getattr(CallFlow, verb.name)) == {
            name: kind for name, kind in expected.items() if name not in gone
        }

    @pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
    def test_what_is_given_by_position_is_too(self, verb: VerbPlan) -> None:
        (_, first, *_) = inspect.signature(getattr(CallFlow, verb.name)).parameters.values()
        element: type = getattr(elements, verb.element.type)
        (_, inner, *_) = inspect.signature(vars(element)["__init__"]).parameters.values()
        if inner.kind is inner.KEYWORD_ONLY:
            assert first.kind is first.KEYWORD_ONLY
        else:
            assert str(first.annotation).removesuffix(" | None") == inner.annotation

    async def test_what_they_don_t_take_is_told(self, app: Application) -> None:
        told: list[str] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            wrong: Any = call
            mistakes: dict[str, dict[str, object]] = {
                "say": {"lang": "en"},
                "gather": {"num_digit": 1},
                "put_on_hold": {"wait": "x"},
                "connect": {},
            }
            for verb, given in mistakes.items():
                try:
                    await getattr(wrong, verb)(**given)
                except TypeError as error:
                    told.append(str(error))

        await Line(app, flow.url).start()
        assert [text.split(".")[1].split(";")[0].split(" It ")[0] for text in told] == [
            "say has no parameter 'lang'",
            "gather has no parameter 'num_digit'",
            "put_on_hold has no parameter 'wait'",
            "connect needs noun",
        ]
        assert "did you mean 'num_digits'?" in told[1]


class TestWhatIsAdded:
    async def test_goes_into_the_next_document(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            call.start(Recording())
            call.stop(Recording())
            call.prompt(Say("Your card, please."), for_="payment-card-number")
            call.leave()
            call.append(Say("As it is."), Raw("<New/>"))
            call.echo()

        line = Line(app, flow.url)
        assert await line.start() == ["Start", "Stop", "Prompt", "Leave", "Say", "New", "Echo"]

    async def test_nothing_follows_what_ends_it_however_that_came(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            call.append(Say("Bye."), Hangup())
            with pytest.raises(FlowError, match=r"^nothing can follow hangup: let the flow return"):
                call.say("More.")
            with pytest.raises(FlowError, match=r"^nothing can follow hangup"):
                call.append(Say("More."))

        line = Line(app, flow.url)
        assert await line.start() == ["Say", "Hangup"]
        assert line.text() == "Bye."

    @pytest.mark.parametrize("way", ["redirect", "append"])
    async def test_nobody_is_sent_to_where_they_are(self, app: Application, way: str) -> None:
        """Twilio would ask for the same answer for ever."""

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            with pytest.raises(FlowError, match=r"^redirect: without a URL"):
                call.redirect("") if way == "redirect" else call.append(Redirect())
            call.say("Here.")

        line = Line(app, flow.url)
        assert await line.start() == ["Say"]
        assert line.text() == "Here."

    async def test_reject_comes_first_however_it_came(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            call.append(Say("Hello."))
            with pytest.raises(FlowError, match="it has to come first"):
                call.append(Reject())

        assert await Line(app, flow.url).start() == ["Say"]

    async def test_an_action_of_its_own_takes_the_call_away(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            call.append(Gather(Say("Press."), action="https://example.com/elsewhere"))

        line = Line(app, flow.url)
        await line.start()
        assert line.heard is not None
        assert link(line.heard, "Gather") == "https://example.com/elsewhere"


SIP = ReferSip("sip:ada@example.com")

# Verb, its element, what Twilio tells, the class and an attribute of the result.
RESULTS: list[tuple[Callable[[CallFlow], Awaitable[object]], str, dict[str, str], str, str, object]] = [
    (lambda call: call.gather(), "Gather", {"Digits": "12"}, "GatherResult", "digits", "12"),
    (
        lambda call: call.record(),
        "Record",
        {"RecordingUrl": "https://x", "RecordingDuration": "4"},
        "RecordResult",
        "duration",
        4,
    ),
    (
        lambda call: call.dial("+15017122662", Number("+15017122663")),
        "Dial",
        {"DialCallStatus": "busy"},
        "DialResult",
        "dial_call_status",
        "busy",
    ),
    (
        lambda call: call.enqueue("tables"),
        "Enqueue",
        {"QueueResult": "leave", "QueueTime": "7"},
        "EnqueueResult",
        "queue_time",
        7,
    ),
    (
        lambda call: call.enqueue(Task('{"table": 4}'), workflow_sid=f"WW{'0' * 32}"),
        "Enqueue",
        {"QueueResult": "bridged"},
        "EnqueueResult",
        "queue_result",
        "bridged",
    ),
    (
        lambda call: call.refer(SIP),
        "Refer",
        {"ReferSipResponseCode": "202"},
        "ReferResult",
        "refer_sip_response_code",
        202,
    ),
    (
        lambda call: call.pay(Prompt(Say("Card?"), for_="payment-card-number"), charge_amount=9.5),
        "Pay",
        {"Result": "success", "PaymentToken": "tok"},
        "PayResult",
        "payment_token",
        "tok",
    ),
    (
        lambda call: call.connect(Stream(url="wss://x.example.com")),
        "Connect",
        {},
        "StreamResult",
        "call_status",
        "in-progress",
    ),
    (
        lambda call: call.connect(ConversationRelay(url="wss://x.example.com")),
        "Connect",
        {"SessionId": "VX1", "SessionStatus": "ended", "SessionDuration": "9", "HandoffData": "{}"},
        "ConversationRelayResult",
        "session_duration",
        9,
    ),
    (
        lambda call: call.connect(VirtualAgent(connector_name="x")),
        "Connect",
        {"VirtualAgentStatus": "live-agent-handoff"},
        "VirtualAgentResult",
        "virtual_agent_status",
        "live-agent-handoff",
    ),
    (lambda call: call.connect(Room("kitchen")), "Connect", {}, "ConnectResult", "direction", "inbound"),
    (
        lambda call: call.sms("See you."),
        "Sms",
        {"SmsSid": f"SM{'0' * 32}", "SmsStatus": "sending"},
        "SmsVerbResult",
        "sms_status",
        "sending",
    ),
]


class TestWhatComesOfThem:
    @pytest.mark.parametrize(
        ("verb", "element", "told", "kind", "attribute", "value"), RESULTS, ids=[each[3] for each in RESULTS]
    )
    async def test_the_result_is_typed(
        self,
        app: Application,
        verb: Callable[[CallFlow], Awaitable[object]],
        element: str,
        told: dict[str, str],
        kind: str,
        attribute: str,
        value: object,
    ) -> None:
        results: list[object] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            results.append(await verb(call))

        line = Line(app, flow.url)
        assert element in await line.start()
        assert await line.after(element, **told) == []
        (result,) = results
        assert type(result) is getattr(webhooks, kind)
        assert getattr(result, attribute) == value

    def test_every_result_has_been_looked_at(self) -> None:
        assert {event for verb in VERBS.values() for event in verb.events} == {each[3] for each in RESULTS}

    @pytest.mark.parametrize("name", [name for name, verb in VERBS.items() if verb.events and name != "dial"])
    async def test_twilio_goes_on_without_one(self, app: Application, name: str) -> None:
        """It ignores a verb that it can't do; the call must not end there without a word."""
        failures: list[HandlerFailed] = []
        app.on(HandlerFailed, failures.append)
        given: dict[str, tuple[object, ...]] = {
            "refer": (SIP,),
            "connect": (Room("kitchen"),),
            "sms": ("See you.",),
            "enqueue": ("tables",),
        }
        results: list[object] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            results.append(await getattr(call, name)(*given.get(name, ())))

        line = Line(app, flow.url)
        await line.start()
        if name == "join_conference":  # Dial asks its action whatever happens
            assert line.heard is not None
            assert [each.tag for each in served(line.heard)] == ["Dial"]
        elif VERBS[name].spec.none:
            assert await line.after("Redirect") == []
            assert results == [None]
        else:
            assert await line.after("Redirect") == ["Say", "Hangup"]
            await eventually(lambda: len(failures) == 1)
            assert "went on after a" in str(failures[0].error)

    async def test_one_that_comes_after_the_hang_up(self, app: Application) -> None:
        """Whoever hangs up in a queue has been in it."""
        results: list[object] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            results.append(await call.enqueue("tables"))
            try:
                await call.gather()
            except CallHungUp as error:
                results.append(error)

        line = Line(app, flow.url)
        await line.start()
        await line.ended()
        await line.after("Enqueue", "completed", QueueResult="hangup", QueueTime="30")
        await eventually(lambda: len(results) == 2)
        assert isinstance(results[0], webhooks.EnqueueResult)
        assert results[0].queue_result == "hangup"
        assert isinstance(results[1], CallHungUp)

    def test_what_may_come_then(self) -> None:
        assert set(LATE) == {event for verb in VERBS.values() if verb.spec.late for event in verb.events}

    async def test_a_conference_knows_its_room(self, app: Application) -> None:
        results: list[ConferenceResult] = []

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            results.append(await call.join_conference(muted=True, hangup_on_star=True))

        line = Line(app, flow.url)
        await line.start()
        assert line.heard is not None
        dial = served(line.heard)[0]
        assert dial.attrib.pop("action").startswith(flow.url)
        assert dial.attrib == {"hangupOnStar": "true"}
        assert dial[0].attrib == {"muted": "true"}
        await line.after("Dial", DialCallStatus="answered")
        assert results[0].room == dial[0].text


class TestPatience:
    @pytest.mark.parametrize("wrong", [{"num_digit": 1}, {"num_digits": 0}])
    async def test_a_loop_turns_on_whatever_is_wrong(self, app: Application, wrong: dict[str, int]) -> None:
        tries = 0

        @app.flow(IncomingCall)
        async def flow(call: CallFlow) -> None:
            nonlocal tries
            while tries < 20:
                try:
                    await call.gather(**wrong)  # type: ignore[arg-type]  # a mistake
                except (TypeError, TwimlError):
                    tries += 1

        began = asyncio.get_running_loop().time()
        await asyncio.wait_for(Line(app, flow.url).start(), 10)
        # The first ten at once, the others a hundredth of a second later each time.
        assert asyncio.get_running_loop().time() - began >= sum(range(1, 11)) / 100


class TestEditors:
    CODE = "from ringback import CallFlow\nasync def f(call: CallFlow) -> None:\n"

    def script(self, line: str) -> tuple[Any, int, int]:
        code = f"{self.CODE}    {line}"
        project: Any = jedi.Project(ROOT, added_sys_path=[str(ROOT / "src")])
        return jedi.Script(code, path=ROOT / "example.py", project=project), 3, len(line) + 4

    @pytest.mark.parametrize(
        ("line", "offered"),
        [
            ("call.enq", {"enqueue"}),
            ("call.gather(num_d", {"num_digits="}),
            ("await call.pay(charge_a", {"charge_amount="}),
            ("await call.join_conference(time_l", {"time_limit="}),
            ("(await call.enqueue('x')).queue_r", {"queue_result"}),
        ],
    )
    def test_complete(self, line: str, offered: set[str]) -> None:
        script, row, column = self.script(line)
        assert {str(each.name) for each in script.complete(row, column)} == offered

    @pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
    def test_show_signatures_and_docs(self, verb: VerbPlan) -> None:
        script, row, column = self.script(f"call.{verb.name}(")
        signatures = script.get_signatures(row, column)
        assert signatures
        expected = {each.name for each in (*verb.attributes, *verb.around_attributes)}
        for signature in signatures:
            names = {str(parameter.name) for parameter in signature.params}
            assert names - {"extra_attributes", *verb.spec.takes} == expected
        assert verb.spec.doc.split()[0] in script.help(row, column - 2)[0].docstring()


class TestMistakesInTheSpec:
    def problems(self, tmp_path: Path, old: str, new: str) -> str:
        text = (SPEC / "flows.yaml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "flows.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(SpecError) as error:
            plan(*load(path, "flows.yaml"), document(), events())
        return str(error.value)

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("element: Say", "element: Sai", "verbs.say.element: 'Sai' is no verb of twiml/voice.xsd"),
            ("element: Say", "element: Number", "'Number' is no verb"),
            ("element: Conference", "element: Conf", "'Conf' is no element"),
            (
                "{Dial: [hangupOnStar",
                "{Dail: [hangupOnStar",
                "verbs.join_conference.inside: 'Dail' is no verb",
            ),
            ("[hangupOnStar", "[hangUpOnStar", "Dial has no attribute 'hangUpOnStar'"),
            ("[actionOnEmptyResult]", "[onEmpty]", "Gather has no attribute 'onEmpty'"),
            (
                "{transcribeCallback: transcribe}",
                "{transcribeCallback: write}",
                "Record has no attribute 'write'",
            ),
            ("result: GatherResult", "result: GatheredResult", "unknown event 'GatheredResult'"),
            ("Stream: StreamResult", "Streams: StreamResult", "Streams can't stand in Connect"),
            ("Stream: StreamResult", "Stream: StreamsResult", "unknown event 'StreamsResult'"),
            (
                '{nouns: "What begins."}',
                '{nouns: "What begins.", more: "x"}',
                "one thing at most is given by position",
            ),
            (
                "    doc: Be silent for a while.",
                "    doc: Be silent.\n    takes: {x: y}",
                "nothing stands in Pause",
            ),
            ("    doc: Be silent for a while.", "    doc: Be silent.\n    late: true", "there is no result"),
            ("    doc: Be silent for a while.", "    does: Be silent.", "does: unknown key"),
        ],
    )
    def test_are_told_with_file_and_line(self, tmp_path: Path, old: str, new: str, told: str) -> None:
        problems = self.problems(tmp_path, old, new)
        assert told in problems
        assert problems.startswith("flows.yaml:")
