"""From the schema to the classes: what an edit does, and how mistakes are told."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen import twiml
from codegen.problems import SpecError
from codegen.twiml.kinds import UrlKind
from codegen.twiml.load import load
from codegen.webhooks.load import load as load_webhooks

SPEC = Path(__file__).parents[2] / "spec"
PAGE = Path(__file__).parents[2] / "docs" / "twiml.md"


@pytest.fixture
def edit(tmp_path: Path) -> Callable[[str, str, str], Path]:
    shutil.copytree(SPEC / "twiml", tmp_path / "twiml")
    shutil.copytree(SPEC / "api", tmp_path / "api")
    shutil.copy(SPEC / "webhooks.yaml", tmp_path)

    def replace(file: str, old: str, new: str) -> Path:
        path = tmp_path / "twiml" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return replace


ATTRIBUTE = """    <xs:attribute name="comfortNoise" type="boolean">
      <xs:annotation>
        <xs:appinfo><rb:hint default="false"/></xs:appinfo>
        <xs:documentation>Whether the line hums softly, see `numDigits`.</xs:documentation>
      </xs:annotation>
    </xs:attribute>
"""
ELEMENT = """  <xs:complexType name="Whistle">
    <xs:annotation>
      <xs:documentation source="https://www.twilio.com/docs">Whistles a tune.</xs:documentation>
    </xs:annotation>
    <xs:simpleContent><xs:extension base="words"/></xs:simpleContent>
  </xs:complexType>
"""


def test_elements_and_attributes_are_added_in_one_place(edit: Callable[[str, str, str], Path]) -> None:
    length = '    <xs:attribute name="length" type="oneOrMore">'
    edit("voice.xsd", length, ATTRIBUTE + length)
    pause = '  <xs:complexType name="Pause">'
    edit("voice.xsd", pause, ELEMENT + pause)
    dial = '<xs:element name="Dial" type="Dial"/>'
    files = twiml.render(edit("voice.xsd", dial, f'{dial}<xs:element name="Whistle" type="Whistle"/>'))
    source = files["twiml/voice.py"]
    changed = source[source.index("class Pause(") : source.index("class Gather(")]
    assert "comfort_noise: Whether the line hums softly, see `num_digits`. Default: `false`." in changed
    assert "comfort_noise: bool | None = None" in changed
    assert "def comfort_noise(self) -> bool | None:" in changed
    assert 'comfortNoise="true"' in changed
    assert "def whistle(" in source
    assert "class Whistle(TextElement" in source
    assert "Whistle as Whistle" in files["twiml/__init__.py"]


MISTAKES = [
    (
        'rb:hint default="1" unit="seconds"',
        'rb:hint defualt="1"',
        "unknown hint 'defualt'",
    ),
    (
        '<xs:attribute name="length" type="oneOrMore">',
        '<xs:attribute name="length" type="oneOrMoar">',
        "oneOrMoar",
    ),
    (
        '<xs:element name="Number" type="Number"/>',
        '<xs:element name="number" type="Pause"/>',
        "stands under 2 names",
    ),
    ("<xs:documentation>How long.</xs:documentation>", "", "length of Pause has no documentation"),
    (
        '<xs:attribute name="length" type="oneOrMore">',
        '<xs:attribute name="length" type="oneOrMore" fixed="1">',
        "length of Pause is fixed",
    ),
    (
        '<xs:element name="Number" type="Number"/>',
        '<xs:element name="Number" type="Number" maxOccurs="2"/>',
        "how often a part occurs",
    ),
    ("</xs:schema>", "", "no element found|XML|parse"),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_mistakes_are_told_with_file_and_line(
    edit: Callable[[str, str, str], Path], old: str, new: str, message: str
) -> None:
    spec = edit("voice.xsd", old, new)
    with pytest.raises(SpecError) as caught:
        twiml.render(spec)
    assert re.search(message, str(caught.value))
    for problem in caught.value.problems:
        assert problem.file.endswith(".xsd")
        line = (
            (spec / "twiml" / Path(problem.file).name)
            .read_text(encoding="utf-8")
            .splitlines()[problem.line - 1]
        )
        assert "name=" in line or problem.line == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("CalleeAnswered", "CalleeAnswerd", "'CalleeAnswerd' is no event of webhooks.yaml"),
        ("CalleeAnswered", "none CalleeAnswered", "'none' is no event of webhooks.yaml"),
        ('<rb:hint event="CalleeAnswered"/>', "", "holds a URL: expected a hint `event`"),
    ],
)
def test_every_url_names_events_that_there_are(
    edit: Callable[[str, str, str], Path], old: str, new: str, message: str
) -> None:
    spec = edit("voice.xsd", old, new)
    lines = (spec / "twiml" / "voice.xsd").read_text(encoding="utf-8").splitlines()
    with pytest.raises(SpecError) as caught:
        twiml.render(spec)
    for problem in caught.value.problems:
        assert message in problem.message
        assert problem.file.endswith("voice.xsd")
        assert '<xs:attribute name="url"' in lines[problem.line - 1]
        assert not new or new in lines[problem.line + 1]


def test_what_is_no_url_names_no_events(edit: Callable[[str, str, str], Path]) -> None:
    spec = edit("voice.xsd", 'rb:hint default="1" unit="seconds"', 'rb:hint default="1" event="GatherResult"')
    with pytest.raises(SpecError, match=r"voice.xsd:\d+: length of Pause holds no URL: expected no hint"):
        twiml.render(spec)


def test_schemas_and_webhooks_agree_on_which_url_gets_what() -> None:
    """Both ways: what a URL's hint names is sent there, and what is sent to an attribute is in its hint."""
    webhooks, _ = load_webhooks(SPEC / "webhooks.yaml")
    known = webhooks.events().keys()
    hinted: dict[str, set[str]] = {}
    for name in ("voice", "messaging"):
        for element in load(SPEC / "twiml", name, known).elements:
            for attribute in element.attributes:
                if isinstance(attribute.kind, UrlKind):
                    hinted.setdefault(f"<{element.tag} {attribute.wire}>", set()).update(attribute.events)
            if isinstance(element.text, UrlKind):
                hinted.setdefault(f"<{element.tag}>", set()).update(element.text_events)
    sent: dict[str, set[str]] = {place: set() for place in hinted}
    for key, webhook in webhooks.webhooks.items():
        for place in webhook.set_by:
            if place.startswith("<"):
                assert place in hinted, f"{key} is set by {place}, which is no URL in the schemas"
                sent[place].update({webhook.event} - {"none"})
    assert sent == hinted


def test_patterns_need_words(edit: Callable[[str, str, str], Path]) -> None:
    spec = edit(
        "common.xsd", '<xs:appinfo><rb:hint allowed="a language tag such as en-US"/></xs:appinfo>', ""
    )
    with pytest.raises(SpecError, match="languageTag has a pattern and no hint `allowed`"):
        twiml.render(spec)


SPOKEN = """<xs:choice>
      <xs:element name="Say" type="Say"/>
      <xs:element name="Play" type="Play"/>
      <xs:element name="Pause" type="Pause"/>
    </xs:choice>"""
LOST = [
    (
        "common.xsd",
        '<xs:maxInclusive value="2147483647"/>',
        '<xs:maxInclusive value="2147483647"/><xs:totalDigits value="3"/>',
        "xs:totalDigits isn't carried",
    ),
    ("common.xsd", '<xs:minLength value="1"/>', '<xs:minLength value="2"/>', "one item at least"),
    ("common.xsd", '<xs:minLength value="1"/>', '<xs:maxLength value="2"/>', "xs:maxLength isn't carried"),
    ("voice.xsd", SPOKEN, SPOKEN.replace("choice", "sequence"), "xs:sequence isn't carried"),
    (
        "voice.xsd",
        '<xs:choice minOccurs="0" maxOccurs="unbounded">',
        '<xs:choice minOccurs="2" maxOccurs="unbounded">',
        "one element at least",
    ),
    (
        "voice.xsd",
        '<xs:attribute name="password" type="text">',
        '<xs:attribute name="password" type="words">',
        "password of Sip is secret",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), LOST)
def test_what_the_tables_would_lose_of_the_schema_is_refused(
    edit: Callable[[str, str, str], Path], file: str, old: str, new: str, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        twiml.render(edit(file, old, new))


@pytest.mark.parametrize("number", range(PAGE.read_text(encoding="utf-8").count("```python")))
def test_the_page_runs(number: int) -> None:
    source = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[number]
    exec(compile(source, f"{PAGE.name} {number}", "exec"), {})  # noqa: S102
