"""`spec/webhooks.yaml` and what is generated of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import pytest

from codegen import webhooks
from codegen.problems import Problem, SpecError
from codegen.webhooks.load import KINDS, expand, load, parse_type
from codegen.webhooks.plan import plan
from ringback import webhooks as public

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "spec"

SMALL = """\
enums:
  Color: {doc: Which colour., values: [red, blue]}
groups:
  call:
    CallSid: [sid CA, always, "The call."]
  all:
    include: [call]
    parameters:
      From: [address, always, "Who calls."]
modules:
  things:
    doc: Things that happen.
    events:
      Thing:
        extends: Notification
        doc: A thing happened.
        names: {Color: colour}
        select:
          by: Color
          classes:
            RedThing: {values: [red], doc: A red thing happened.}
webhooks:
  thing_callback:
    event: Thing
    trigger: a thing happens
    set_by: [Thing.Url]
    docs: https://www.twilio.com/docs/voice
    groups: [all]
    parameters:
      Color: [enum Color, always, "The colour."]
      Weight: [float 0..1, "when it was weighed", observed, secret, "How heavy it is."]
"""


def spec_of(folder: Path, text: str) -> Path:
    (folder / "webhooks.yaml").write_text(text, encoding="utf-8")
    if not (folder / "api").exists():
        (folder / "api").symlink_to(SPEC / "api")  # enums are the same as some there
    return folder


def problems_of(folder: Path, text: str) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        webhooks.render(spec_of(folder, text))
    return caught.value.problems


def test_a_small_file(tmp_path: Path) -> None:
    files = webhooks.render(spec_of(tmp_path, SMALL))
    assert sorted(files) == [f"webhooks/{name}.py" for name in ("__init__", "enums", "tables", "things")]
    text = files["webhooks/things.py"]
    assert "class Thing(Notification):" in text
    assert "    colour: Color\n" in text
    assert "    weight: float | None = field(default=None, repr=False)\n" in text
    assert "weight: How heavy it is. Sent when it was weighed. Seen, not documented. (`Weight`)" in text
    assert 'class RedThing(Thing):\n    """A red thing happened.' in text
    assert '    colour: Literal["red"] = "red"\n' in text


LINE = {text.strip(): number for number, text in enumerate(SMALL.splitlines(), start=1)}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"The call."]', '"The call"]', "full stop"),
        ("[sid CA, always", "[sid ca, always", "expected prefixes of two capitals behind sid"),
        ("[sid CA, always", "[side, always", "unknown type 'side'"),
        ('[sid CA, always, "The call."]', '["The call."]', "expected [type, presence, flags…, description]"),
        ("include: [call]", "include: [calls]", "unknown group 'calls'"),
        ("include: [call]", "include: [all]", "'all' includes itself"),
        ("include: [call]", "includes: [call]", "unknown key"),
        ("extends: Notification", "extends: Nothing", "unknown class 'Nothing'"),
        ("names: {Color: colour}", "names: {Color: Colour}", "'Colour' is no name in snake case"),
        ("names: {Color: colour}", "names: {Size: size}", "names 'Size', which no webhook sends"),
        ("names: {Color: colour}", "names: {Color: weight}", "Weight and Color would both be called weight"),
        ("by: Color", "by: Weight", "selects by 'Weight', which is no enum"),
        (
            "RedThing: {values: [red]",
            "RedThing: {values: [green]",
            "RedThing: 'green' is taken or no value",
        ),
        ("RedThing:", "Thing:", "the name is taken on line 14"),
        ("RedThing:", "redThing:", "'redThing' is no class name"),
        ("event: Thing", "event: Things", "unknown event 'Things'"),
        ("trigger: a thing happens", "trigger: a thing happens.", "without a full stop"),
        ("docs: https://www.twilio.com/docs/voice", "docs: https://example.com", "expected a page below"),
        ("set_by: [Thing.Url]", "set_by: Thing.Url", "expected a list"),
        ("groups: [all]", "without: [To]\n    groups: [all]", "no group has 'To'"),
        ("Color: [enum Color,", "Color: [enum Colors,", "unknown enum 'Colors'"),
        ("Color: [enum Color,", "Color: [enum Color = green,", "'green' is no value of Color"),
        ("Weight: [float 0..1,", "Weight: [float = 1,", "only what is always sent has a default"),
        ("Weight: [float 0..1,", "Weight: [float 0-1,", "expected a range such as 0..1"),
        ("Weight: [float 0..1,", "Weight!: [float 0..1,", "'Weight!' is no parameter name"),
        ("observed, secret,", "seen, secret,", "unknown flag 'seen'"),
        ("observed, secret,", "observed, tested,", "observed and tested contradict each other"),
        ("Weight: [float 0..1,", "Weight: [alias Mass,", "Weight is an alias of 'Mass'"),
        ("values: [red, blue]", "values: [red, red]", "expected values that differ"),
        ("doc: A thing happened.", "doc: 7", "expected text, got 7"),
        ("doc: A thing happened.", "doc: [unclosed", "not YAML"),
        ("Color: {doc", "Color: {doc: again, doc", "not YAML: found duplicate key"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in SMALL
    problems = problems_of(tmp_path, SMALL.replace(old, new, 1))
    told = [problem for problem in problems if message in problem.message]
    assert told, problems
    assert told[0].file == f"{tmp_path.name}/webhooks.yaml"
    expected = SMALL[: SMALL.index(old)].count("\n") + 1
    # YAML's own parser notices an open bracket only on the next line.
    assert told[0].line in ({expected, expected + 1, expected + 2} if "YAML" in message else {expected})


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("event: Thing", "event: Things").replace("include: [call]", "include: [calls]")
    assert len(problems_of(tmp_path, text)) == 2
    text = SMALL.replace("[sid CA,", "[side,").replace("[address,", "[adress,")
    assert [problem.line for problem in problems_of(tmp_path, text)] == [5, 9]


def test_a_key_that_is_missing(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, SMALL.replace("    trigger: a thing happens\n", ""))
    assert "the key 'trigger' is missing" in problem.message
    assert problem.line == LINE["thing_callback:"]


def test_a_webhook_must_send_what_its_base_promises(tmp_path: Path) -> None:
    text = SMALL.replace(
        "      Thing:\n        extends: Notification",
        "      Base: {extends: Notification, doc: A base., groups: [call]}\n"
        "      Thing:\n        extends: Base",
    )
    assert "class Thing(Base)" in webhooks.render(spec_of(tmp_path, text))["webhooks/things.py"]
    problems = problems_of(tmp_path, text.replace("groups: [all]", "groups: []"))
    assert "must always send CallSid to extend Base" in str(problems[0])


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="can't be read"):
        webhooks.render(tmp_path)


def test_a_type_can_have_a_default() -> None:
    assert parse_type("integer = 0").default == "0"
    assert parse_type("enum Color = red").default == "red"


# --- the real file ----------------------------------------------------------------------------------------


def test_generated_code_is_up_to_date() -> None:
    home = ROOT / "src" / "ringback" / "_generated"
    rendered = webhooks.render(SPEC)
    present = {path.relative_to(home).as_posix() for path in (home / "webhooks").glob("*.py")}
    assert present == set(rendered)
    for name, text in rendered.items():
        assert (home / name).read_text(encoding="utf-8") == text, name


def test_every_request_is_there() -> None:
    """All that a plain reader of YAML finds is loaded, and the event has a field for every parameter."""
    spec, source = load(SPEC / "webhooks.yaml")
    written = cast("dict[str, dict[str, dict[str, dict[str, object]]]]", source.root)["webhooks"]
    assert list(spec.webhooks) == list(written) != []
    classes = {made.name: made for module in plan(spec, source) for made in module.classes}

    def wires(name: str) -> set[str]:
        made = classes.get(name)
        return {each.wire.partition("{")[0] for each in made.fields} | wires(made.base) if made else set()

    for key, webhook in spec.webhooks.items():
        own = written[key].get("parameters", {})
        assert list(webhook.parameters) == list(own), key
        sent = set(expand(spec, webhook.groups, webhook.without, webhook.parameters))
        assert set(own) <= sent, key
        if webhook.event != "none":
            # Those of any name are kept as unknown ones; pictures become one tuple.
            named = {wire.partition("{")[0] for wire in sent} - {"", "MediaUrl", "MediaContentType"}
            assert named <= wires(webhook.event), key


def test_requests_that_want_an_answer_are_requests() -> None:
    spec, _ = load(SPEC / "webhooks.yaml")
    for key, webhook in spec.webhooks.items():
        if webhook.event == "none":
            continue
        event = getattr(public, webhook.event)
        wants_twiml = webhook.answer in {"twiml", "twiml-or-audio"}
        assert wants_twiml is not issubclass(event, public.Notification), key


def test_the_worked_example_of_the_format_page_works(tmp_path: Path) -> None:
    page = (SPEC / "webhooks.md").read_text(encoding="utf-8")
    example = page.split("## Worked example: adding a parameter", 1)[1].split("## ", 1)[0]
    parameter, enum = re.findall(r"```yaml\n(.*?)```", example, re.DOTALL)
    text = (SPEC / "webhooks.yaml").read_text(encoding="utf-8")
    if enum not in text:  # who tries the page out has it there
        text = text.replace("enums:\n", f"enums:\n{enum}", 1)
        head, tail = text.split("  enqueue_action:\n", 1)
        tail = tail.replace("    parameters:\n", f"    parameters:\n{parameter}", 1)
        text = f"{head}  enqueue_action:\n{tail}"
    files = webhooks.render(spec_of(tmp_path, text))
    assert "queue_abandon_reason: AbandonReason | None = None" in files["webhooks/queues.py"]


def test_the_format_page_names_every_type() -> None:
    page = (SPEC / "webhooks.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in page and f"`{kind} " not in page] == []


def test_the_worked_example_of_an_event_works(tmp_path: Path) -> None:
    page = (SPEC / "webhooks.md").read_text(encoding="utf-8")
    event, request = re.findall(
        r"```yaml\n(.*?)```", page.split("## Worked example: adding an event", 1)[1], re.DOTALL
    )
    text = (SPEC / "webhooks.yaml").read_text(encoding="utf-8")
    if event not in text:
        head, tail = text.split("  queues:\n", 1)
        tail = tail.replace("    events:\n", f"    events:\n{event}", 1)
        text = f"{head}  queues:\n{tail}{request}"
    files = webhooks.render(spec_of(tmp_path, text))
    assert "class CallbackOffered(" in files["webhooks/queues.py"]
