"""Writing documents: both styles, what they look like, and what is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum
from importlib import import_module
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.errors import InvalidValue, TwimlError
from ringback.twiml import (
    Application,
    Body,
    Break,
    Client,
    Conference,
    Connect,
    ConversationRelay,
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Language,
    Media,
    Message,
    MessagingResponse,
    Number,
    Parameter,
    Pause,
    Pay,
    Play,
    Prompt,
    Prosody,
    Raw,
    Record,
    Redirect,
    Refer,
    ReferSip,
    Reject,
    Say,
    SayAs,
    Sip,
    Start,
    Stop,
    StopStream,
    Stream,
    Task,
    Uri,
    VoiceResponse,
    clean,
    messaging,
    parse,
)
from ringback.webhooks import GatherResult, IncomingCall

# The same classes, out of the type checkers' sight: for calls that they would refuse, too.
loose: Any = import_module("ringback.twiml")
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


class Handler:
    """What an application's handler looks like to TwiML."""

    def __init__(self, url: str) -> None:
        self.url = url

    def bind(self) -> Handler:
        return self

    def _handles(self, event: GatherResult | IncomingCall, /) -> None: ...


def xml(document: object) -> str:
    return str(document).removeprefix(HEAD)


def test_nested_and_step_by_step_give_the_same() -> None:
    nested = VoiceResponse(
        Gather(Say("Press 1."), Pause(length=2), num_digits=1, action="/menu", input=["dtmf", "speech"]),
        Say("Goodbye.", voice="Polly.Joanna", loop=2),
        Dial(Number("+15017122661", url="/whisper"), record=True, timeout=20),
        Hangup(),
    )
    stepped = VoiceResponse()
    with stepped.gather(num_digits=1, action="/menu", input=["dtmf", "speech"]) as gather:
        gather.say("Press 1.")
        gather.append(Pause(length=2))
    stepped.say("Goodbye.", voice="Polly.Joanna", loop=2)
    stepped.dial(record=True, timeout=20).number("+15017122661", url="/whisper")
    stepped.append(Hangup())
    assert nested == stepped
    assert str(stepped) == (
        HEAD
        + '<Response><Gather action="/menu" input="dtmf speech" numDigits="1"><Say>Press 1.</Say>'
        + '<Pause length="2"/></Gather><Say loop="2" voice="Polly.Joanna">Goodbye.</Say>'
        + '<Dial record="true" timeout="20"><Number url="/whisper">+15017122661</Number></Dial><Hangup/>'
        + "</Response>"
    )


def test_elements_can_be_read() -> None:
    gather = Gather(Say("Press 1."), num_digits=1, input=["dtmf"], extra_attributes={"new": "1"})
    assert gather.num_digits == 1
    assert gather.input == ("dtmf",)
    assert gather.timeout is None
    assert gather.children == (Say("Press 1."),)
    assert gather.extra_attributes == {"new": "1"}
    assert Say("a", "b", Break(), "c").children == ("ab", Break(), "c")
    assert Number("+15017122661").text == "+15017122661"
    assert Number("+15017122661").children == ("+15017122661",)
    assert Redirect().children == ()
    assert Pay(charge_amount=10.5).charge_amount == Decimal("10.5")
    untyped: Any = gather
    with pytest.raises(AttributeError):
        untyped.num_digits = 2
    with pytest.raises(AttributeError):
        untyped.new = 2


def test_messaging() -> None:
    response = MessagingResponse(
        Message(Body("Hello"), Media("https://example.com/a.png"), to="+15017122661", action="/status"),
        messaging.Redirect("/next", method="GET"),
    )
    stepped = MessagingResponse()
    message = stepped.message(to="+15017122661", action="/status")
    message.body("Hello")
    message.media("https://example.com/a.png")
    stepped.redirect("/next", method="GET")
    assert response == stepped == parse(str(response))
    assert xml(MessagingResponse(Message("Hi"))) == "<Response><Message>Hi</Message></Response>"


def test_speech_markup() -> None:
    say = Say("It is ", SayAs("12:30", interpret_as="time"), Break(time="500ms"), Prosody("now", rate="80%"))
    assert xml(say) == (
        '<Say>It is <say-as interpret-as="time">12:30</say-as><break time="500ms"/>'
        '<prosody rate="80%">now</prosody></Say>'
    )
    stepped = Say("It is ")
    stepped.say_as("12:30", interpret_as="time")
    stepped.break_(time="500ms")
    stepped.prosody("now", rate="80%")
    assert stepped == say


def test_one_name_can_mean_two_things() -> None:
    assert xml(VoiceResponse(Refer(ReferSip("sip:a@example.com")))) == (
        "<Response><Refer><Sip>sip:a@example.com</Sip></Refer></Response>"
    )
    assert xml(Stop(StopStream(name="a"))) == '<Stop><Stream name="a"/></Stop>'
    relay = ConversationRelay(url="wss://example.com", language="en-US")
    relay.add_language(code="de-DE")
    assert relay.language == "en-US"
    assert relay.children == (Language(code="de-DE"),)
    with pytest.raises(TwimlError, match=r"did you mean ringback\.twiml\.ReferSip\?"):
        loose.Refer(Sip("sip:a@example.com"))
    with pytest.raises(TwimlError, match=r"did you mean ringback\.twiml\.messaging\.Redirect\?"):
        loose.MessagingResponse(Redirect("/"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (Say("a < b & c > d \"e\" 'f' ]]>"), "<Say>a &lt; b &amp; c &gt; d \"e\" 'f' ]]&gt;</Say>"),
        (Gather(hints='a "b"\n\t<c>\r&'), '<Gather hints="a &quot;b&quot;&#10;&#9;&lt;c&gt;&#13;&amp;"/>'),
        (Say("a\r\nb\tc"), "<Say>a&#13;\nb\tc</Say>"),
        (Say("😀 ünïcödé"), "<Say>😀 ünïcödé</Say>"),
        (
            Conference("r", muted=False, beep="onEnter"),
            '<Conference beep="onEnter" muted="false">r</Conference>',
        ),
        (Conference("r", beep=False), '<Conference beep="false">r</Conference>'),
        (Pay(postal_code=True), '<Pay postalCode="true"/>'),
        (Pay(postal_code="90210"), '<Pay postalCode="90210"/>'),
        (Pay(charge_amount=Decimal("1E+3")), '<Pay chargeAmount="1000"/>'),
        (Pay(charge_amount=0.1), '<Pay chargeAmount="0.1"/>'),
        (Gather(finish_on_key=""), '<Gather finishOnKey=""/>'),
        (Gather(speech_timeout="auto"), '<Gather speechTimeout="auto"/>'),
        (Prompt(for_="postal-code", attempt=[1, 2]), '<Prompt attempt="1 2" for="postal-code"/>'),
        (Task({"skill": "ü", "n": 1}), '<Task>{"skill": "ü", "n": 1}</Task>'),
        (Play(digits="ww1"), '<Play digits="ww1"/>'),
        (Play("  https://example.com/a.mp3\n"), "<Play>https://example.com/a.mp3</Play>"),
        (
            VoiceResponse(Raw("<New a='1'>x</New><!-- y -->")),
            "<Response><New a='1'>x</New><!-- y --></Response>",
        ),
        (Hangup(extra_attributes={"a": '"'}), '<Hangup a="&quot;"/>'),
        (Gather(extra_attributes={"timeout": "0"}), '<Gather timeout="0"/>'),
    ],
)
def test_what_is_written(written: object, expected: str) -> None:
    assert xml(written) == expected


def test_subclasses_of_text_and_numbers_are_written_as_what_they_are() -> None:
    class Key(str, Enum):
        STAR = "*"

    class Seconds(IntEnum):
        SHORT = 5

    gather = Gather(finish_on_key=Key.STAR, timeout=Seconds.SHORT)
    assert xml(gather) == '<Gather finishOnKey="*" timeout="5"/>'
    assert type(gather.finish_on_key) is str
    assert type(gather.timeout) is int
    assert xml(Say(Key.STAR)) == "<Say>*</Say>"


def test_handlers_are_asked_for_their_url_when_the_document_is_written() -> None:
    handler = Handler("/early")
    gather = Gather(action=handler)
    redirect = Redirect(handler)
    handler.url = "/late?a=1&b=2"
    assert xml(gather) == '<Gather action="/late?a=1&amp;b=2"/>'
    assert xml(redirect) == "<Redirect>/late?a=1&amp;b=2</Redirect>"
    assert gather.action is handler
    assert gather == Gather(action="/late?a=1&b=2")
    assert gather != Gather(action="/other")
    assert VoiceResponse(redirect) == parse(str(VoiceResponse(redirect)))


def test_equality_copies_and_pickles() -> None:
    tree = VoiceResponse(
        Gather(Say("a", Break()), num_digits=1), Raw("<x/>"), Pay(charge_amount=Decimal("1.5"))
    )
    again = pickle.loads(pickle.dumps(tree))  # noqa: S301
    assert again == tree == copy.copy(tree) == copy.deepcopy(tree)
    shallow = copy.copy(tree)
    shallow.hangup()
    assert len(tree.children) == 3
    assert shallow != tree
    assert Say("a") != Say("b")
    assert Say("a") != "a"
    assert Say("a") != Number("a")
    assert Sip("sip:a@b.c") != ReferSip("sip:a@b.c")
    with pytest.raises(TypeError):
        hash(tree)


def test_repr_is_python_and_keeps_secrets() -> None:
    tree = VoiceResponse(
        Gather(Say("it's"), num_digits=1, input=["dtmf"]), Dial(Sip(Uri("sip:a@b.c", username="u")))
    )
    assert eval(repr(tree)) == tree  # noqa: S307
    secret = repr(Dial(Sip(Uri("sip:a@b.c", password="hunter2"), password="hunter2")))
    assert "hunter2" not in secret
    assert "hunter2" not in repr(Sip("sip:a@b.c", extra_attributes={"password": "hunter2"}))
    with pytest.raises(TwimlError) as caught:
        Sip("sip:a@b.c", password="hunter2\x00")
    assert "hunter2" not in str(caught.value)
    assert "hunter2" in str(Dial(Sip("sip:a@b.c", password="hunter2")))


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: Gather(num_digits=0), r"Gather\.num_digits: expected an integer of at least 1, got 0"),
    (lambda: Gather(num_digits=True), r"Gather\.num_digits: expected an integer of at least 1, got True"),
    (lambda: loose.Gather(timeout="5"), r"Gather\.timeout: .* got '5'"),
    (lambda: Gather(timeout=10**5000), r"Gather\.timeout: expected an integer of at least 1"),
    (lambda: Record(max_length=86401), r"Record\.max_length: expected an integer from 1 to 86400"),
    (lambda: loose.Gather(input=["dmtf"]), r"did you mean 'dtmf'\?"),
    (lambda: loose.Gather(input="dtmf"), r"expected a sequence"),
    (lambda: Gather(input=[]), r"at least one item"),
    (lambda: loose.Gather(input=5), r"a sequence, got 5"),
    (lambda: loose.Gather(num_digit=1), r"Gather: .*did you mean num_digits\?"),
    (lambda: loose.Gather(numDigits=1), r"did you mean num_digits\?"),
    (lambda: loose.VoiceResponse().gather(num_digit=1), r"did you mean num_digits\?"),
    (lambda: loose.Gather(Dial("+1")), r"Gather: expected Pause, Play, Say inside"),
    (lambda: loose.VoiceResponse("hi"), r"did you mean Say\('hi'\)\?"),
    (lambda: loose.VoiceResponse(Say), r"did you mean Say\(…\)\?"),
    (lambda: loose.VoiceResponse([Say("a")]), r"a star before it"),
    (lambda: loose.VoiceResponse(None), r"got None"),
    (lambda: loose.Say(5), r"got 5"),
    (lambda: Say("a\x00b"), r"U\+0000 at position 1"),
    (lambda: Say("\ud800"), r"U\+D800 at position 0"),
    (lambda: Say("\ufffe"), r"U\+FFFE"),
    (lambda: Gather(hints="\x1b"), r"Gather\.hints: .*U\+001B"),
    (lambda: Say("x", voice=""), r"Say\.voice: expected text that is not blank"),
    (lambda: Number(" "), r"Number\.number: expected text that is not blank"),
    (lambda: loose.Number(), r"Number\.number: expected a value"),
    (lambda: loose.Parameter(name="a"), r"Parameter\.value: expected a value"),
    (lambda: loose.Parameter(name="a", value=None), r"Parameter\.value: expected text"),
    (lambda: Stream(url="http://example.com"), r"Stream\.url: expected a wss:// URL"),
    (lambda: loose.Stream(), r"Stream\.url: expected a value"),
    (lambda: loose.Siprec(), r"Siprec\.connector_name"),
    (lambda: Pay(action="http://example.com"), r"Pay\.action: expected an https:// URL"),
    (lambda: loose.Pay(charge_amount="5"), r"Pay\.charge_amount"),
    (lambda: Pay(charge_amount=float("nan")), r"Pay\.charge_amount"),
    (lambda: Pay(charge_amount=Decimal("1E-99")), r"at most 50 decimals"),
    (lambda: Pay(charge_amount=10**5000), r"Pay\.charge_amount: expected a number .* got <int>"),
    (lambda: loose.Say("x", extra_attributes=["a"]), r"Say\.extra_attributes: expected a mapping"),
    (lambda: loose.Pay(postal_code=5), r"Pay\.postal_code"),
    (lambda: Number("+1", byoc="AC" + "0" * 32), r"Number\.byoc: expected BY and 32"),
    (lambda: Number("+1", send_digits="1" * 33), r"at most 32"),
    (lambda: loose.Conference("r", muted="true"), r"expected True or False"),
    (lambda: loose.Redirect(5), r"or a handler"),
    (lambda: Redirect("/a b"), r"a URL without spaces"),
    (lambda: Prosody("x", rate="fastest"), r"did you mean 'fast'\?"),
    (lambda: Task("[1]"), r"a JSON object"),
    (lambda: Task({"a": float("nan")}), r"a JSON object"),
    (lambda: Task({"a": object()}), r"a JSON object"),
    (lambda: loose.Hangup("bye"), r"Hangup: expected Parameter inside"),
    (lambda: Play(), r"Play: expected text or the attribute digits"),
    (lambda: Dial(""), r"text that is not blank"),
    (lambda: loose.Sub("WWW"), r"Sub\.alias"),
    (lambda: Connect(Stream(url="wss://a"), Stream(url="wss://b")), r"Connect: expected one element inside"),
    (lambda: Sip("sip:a@b.c", password="\x00"), r"Sip\.password: .*U\+0000 at position 0.*got \*\*\*"),
    (lambda: loose.Parameter(name="a", valu="b"), r"did you mean value\?"),
    (lambda: Hangup(extra_attributes={"ª": "1"}), r"names that XML allows"),
    (lambda: Raw("<a>"), r"Raw: expected well-formed XML"),
    (lambda: Raw("</raw><raw>"), r"Raw: expected well-formed XML"),
    (lambda: Raw("<!DOCTYPE a>"), r"Raw: expected well-formed XML"),
    (lambda: Hangup(extra_attributes={"a b": "1"}), r"names that XML allows"),
    (lambda: Hangup(extra_attributes={"a": "\x00"}), r"U\+0000"),
    (lambda: Gather(timeout=5, extra_attributes={"timeout": "6"}), r"not given as timeout already"),
    # Known only at the end:
    (lambda: str(Connect()), r"Connect: expected an element inside"),
    (lambda: str(Start()), r"Start: expected an element inside"),
    (lambda: str(Dial()), r"Dial: expected text or an element inside"),
    (lambda: str(Say("")), r"Say: expected text or an element inside"),
    (lambda: str(Say(" \n")), r"Say: expected text"),
    (lambda: str(Enqueue()), r"Enqueue: expected text or the attribute workflowSid"),
    (
        lambda: str(Application(Parameter(name="a", value="b"))),
        r"Application: expected text or ApplicationSid",
    ),
    (lambda: str(Client(Parameter(name="a", value="b"))), r"Client: expected text or Identity"),
    (lambda: str(Say("x" * 4097)), r"Say: expected at most 4,096 characters"),
    (lambda: str(Enqueue("x" * 65)), r"Enqueue: expected at most 64 characters"),
    (lambda: str(Message("x" * 1601)), r"at most 1,600"),
]


@pytest.mark.parametrize(("build", "message"), REFUSED)
def test_what_is_refused_and_how_it_is_said(build: Callable[[], object], message: str) -> None:
    with pytest.raises(TwimlError, match=message) as caught:
        build()
    assert isinstance(caught.value, InvalidValue)
    assert caught.value.field
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert str(again) == str(caught.value)


MISREAD: list[tuple[str, str]] = [
    ("Say(message='hi')", "Say('hi')"),
    ("Say(text='x' * 50)", "Say('…')"),
    ("Dial(number='+15017122661')", "Dial(Number('+15017122661'))"),
    ("Dial(client='joey')", "Dial(Client('joey'))"),
    ("Number(number='+15017122661')", "Number('+15017122661')"),
    ("Redirect(url='/next')", "Redirect('/next')"),
    ("Message(body='Hi')", "Message(Body('Hi'))"),
    ("VoiceResponse(say='Hi')", "VoiceResponse(Say('Hi'))"),
    ("Connect(stream='wss://a.example')", "Connect(Stream(url='wss://a.example'))"),
    ("Stream('wss://a.example')", "Stream(url='wss://a.example')"),
    ("ConversationRelay('wss://a.example')", "ConversationRelay(url='wss://a.example')"),
    ("Parameter('a', 'b')", "Parameter(name='a', value='b')"),
    ("Parameter('a')", "Parameter(name='a', value='…')"),
    ("Sub('WWW', 'World Wide Web')", "Sub('WWW', alias='World Wide Web')"),
    ("Task(attributes={'a': 1})", "Task({'a': 1})"),
]


@pytest.mark.parametrize(("wrong", "right"), MISREAD)
def test_what_a_call_should_have_been_is_said_and_works(wrong: str, right: str) -> None:
    names: dict[str, Any] = {name: getattr(loose, name) for name in loose.__all__}
    with pytest.raises(TwimlError) as caught:
        eval(wrong, names)  # noqa: S307
    assert caught.value.suggestion == right
    assert len(str(caught.value)) < 160
    eval(right, names)  # noqa: S307


MISTYPED: list[tuple[str, str, str]] = [
    ("Pay", "charge_amount", "12.50"),
    ("Gather", "input", "dtmf speech"),
    ("Gather", "input", "dtmf, speech"),
    ("Gather", "input", "dmtf"),
    ("Gather", "timeout", "5"),
    ("Gather", "speech_timeout", "3"),
    ("Gather", "action_on_empty_result", "true"),
    ("Conference", "muted", "False"),
    ("Number", "status_callback_event", "ringing completed"),
]


@pytest.mark.parametrize(("element", "attribute", "value"), MISTYPED)
def test_what_a_value_should_have_been_is_said_and_works(element: str, attribute: str, value: str) -> None:
    text = ["x"] if element in ("Conference", "Number") else []
    with pytest.raises(TwimlError) as caught:
        getattr(loose, element)(*text, **{attribute: value})
    assert caught.value.suggestion is not None
    meant = eval(caught.value.suggestion, {"Decimal": Decimal})  # noqa: S307
    getattr(loose, element)(*text, **{attribute: meant})


def test_no_suggestion_is_made_that_does_not_work() -> None:
    for attribute, value in (("input", "fax"), ("timeout", "0"), ("timeout", "soon"), ("num_digits", "٣")):
        with pytest.raises(TwimlError) as caught:
            Gather(**{attribute: value})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        assert caught.value.suggestion is None


@given(st.text(st.characters()))
def test_what_is_cleaned_can_be_written_and_nothing_else_is_lost(text: str) -> None:
    cleaned = clean(text)
    parse(str(VoiceResponse(Say(f"-{cleaned}"), Gather(hints=cleaned))))
    assert clean(cleaned) == cleaned
    rest = iter(text)
    assert all(character in rest for character in cleaned)
    for character in set(text) - set(cleaned):
        with pytest.raises(TwimlError, match=r"ringback\.twiml\.clean"):
            Say(character)


def test_an_element_inside_itself_is_refused() -> None:
    prosody = Prosody("x")
    prosody.append(prosody)
    with pytest.raises(TwimlError, match="no element inside itself"):
        str(prosody)


def test_reject_takes_what_libraries_give_it() -> None:
    assert xml(Reject(Parameter(name="a", value=""), reason="busy")) == (
        '<Reject reason="busy"><Parameter name="a" value=""/></Reject>'
    )


def test_many_threads_write_one_document() -> None:
    response = VoiceResponse(*[Say(f"{n}", voice="Polly.Joanna") for n in range(200)])
    expected = str(response)
    written: list[str] = []
    threads = [Thread(target=lambda: written.extend(str(response) for _ in range(20))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert written == [expected] * 160


def test_what_the_type_checkers_accept_can_be_built_written_and_read() -> None:
    accepted: Any = import_module("tests.typing.twiml_accepted")
    handler = Handler("https://example.com/x")
    documents = accepted.voice(*[handler] * 8, "man", "us") + accepted.messages(handler)
    assert len(documents) > 30
    for document in documents:
        document_name = document._key.partition(".")[0]
        assert parse(str(document), document=document_name, strict=False) == document
    accepted.step_by_step(handler)
    accepted.reading(b"<Response/>")
