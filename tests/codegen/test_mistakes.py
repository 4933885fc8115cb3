"""Every mistake in the REST spec is told, with file and line, and none ends in a traceback."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen import api
from codegen.api.openapi import document
from codegen.api.render import render_raw
from tests.codegen.specs import complaints, small, text

LETTER = text("letter")


def changed(old: str, new: str) -> tuple[str, int]:
    """letter.yaml with `old`, which is there once, replaced; and the line on which it stood."""
    assert LETTER.count(old) == 1, f"{old!r} is there {LETTER.count(old)} times"
    return LETTER.replace(old, new), LETTER[: LETTER.index(old)].count("\n") + 1


MISTAKES: list[tuple[str, ...]] = [
    # YAML
    ("doc: Letters and their pages; one of everything that a family can have.", "doc: [", "not YAML",
     "  LetterStatus:"),
    ("doc: Where a letter is.", "doc: Where a letter: is.", "not YAML: mapping values are not allowed here"),
    ("    doc: One letter.\n", "    doc: One letter.\n    doc: Two.\n", "found duplicate key",
     "    doc: Two."),
    ("<<: *dates", "<<: *date", "found undefined alias"),
    # shape
    ("    path: Letters\n", "    path: Letters\n    paht: Letters\n", "unknown key", "    paht: Letters"),
    ("    path: Letters\n", "", "the key 'path' is missing", "  letters:"),
    ("    name: Letter\n", "    name: 7\n", "expected text, got 7"),
    ("    name: Letter\n", "    name: ''\n", "expected text, got ''"),
    ("open: true", "open: 1", "expected true or false, got 1"),
    ("values: [slow, fast]", "values: []", "expected at least one value"),
    ("values: [slow, fast]", "values: [slow, slow]", "the value 'slow' is there twice"),
    ("values: [slow, fast]", "values: [slow, 1]", "quote words such as 'no' and 'on'"),
    ("values: [slow, fast]", "values: slow", "expected a list or a mapping of values"),
    ('[sid SM MM, always, "Identifies the letter."]', "sid", "expected [type, flags…, description]"),
    ('[sid SM MM, always, "Identifies the letter."]', "[sid SM MM]", "expected [type, flags…, description]"),
    ('key: [Sid, sid SM MM, "The letter."]', "key: [Sid, sid SM MM]", "expected [hole, type, description]"),
    ("[[From, PostOfficeSid], [Body, PageUrl]]", "[From, PostOfficeSid]", "expected lists of two or more"),
    ("[[From, PostOfficeSid], [Body, PageUrl]]", "[[From]]", "expected lists of two or more"),
    ("success: [201, 200]", "success: [201, 500]", "expected an HTTP status of success"),
    ("success: [201, 200]", "success: done", "expected an HTTP status of success"),
    ("      fetch: {doc: One letter.}\n", "      read: {doc: One letter.}\n",
     "expected one of create, list,"),
    ("      fetch: {doc: One letter.}\n", "      fetch: One letter.\n", "expected a mapping"),
    ("    operations:\n      fetch: {doc: What is so now.}", "    operations: [fetch]", "expected a mapping"),
    # types
    ("[float, ", "[floot, ", "unknown type 'floot'; the types are"),
    ("[integer >= 1, ", "[integer > 1, ", "expected a range such as 1..10 or >= 0, got '> 1'"),
    ("[seconds 1..14400 = 14400, ", "[seconds 9..1, ", "the range '9..1' is empty"),
    ("[text <= 1600, ", "[text 5..1600, ", "expected `text <= 64`"),
    ("[list url max 10, ", "[list url max ten, ", "expected `list T max 10`"),
    ("[list url max 10, ", "[list list url, ", "no parameter has this type"),
    ("[enum LetterClass = slow, ", "[enum, ", "expected the name of an enum"),
    ("[sid MG clearable, ", "[sid clearable, ", "expected the prefixes of a SID"),
    ("[country, ", "[name SM, ", "no parameter has this type"),
    ("[country, ", "[map, ", "no parameter has this type"),
    ("[country, ", "[model Stamp, ", "no parameter has this type"),
    ('[date, "The day', '[date-filter, "The day', "no field has this type"),
    ('[date, "The day', '[twiml, "The day', "no field has this type"),
    ("[pairs Name Value, ", "[text, ", "need each other"),
    ("[pairs Name Value, ", "[pairs Name, ", "expected `pairs Name Value`"),
    ('"Line{1..9}"', "Line", "need each other"),
    # references
    ("[enum LetterClass = slow, ", "[enum LetterKlass = slow, ", "there is no enum LetterKlass"),
    ("[list model Stamp, ", "[list model Stomp, ", "there is no model Stomp"),
    ("    model: Stamp\n", "    model: Stomp\n", "there is no model Stomp"),
    ("[Body, PageUrl]", "[Body, PagesUrl]", "PagesUrl is no parameter"),
    ("[Body, PageUrl]", "[Body, To]", "To is required, so it is in no group"),
    ("  letters().pages:", "  parcels().pages:", "its parent parcels() is no resource"),
    ("  post.opening:", "  post().opening:", "its parent post() has no key"),
    ('[decimal, always, "What it cost."]', '[model Letter, "A letter."]', "it contains itself", "  Stamp:"),
    ('[datetime, "When it left; null until then."]', '[datetime, always, always, "When."]',
     "a flag is there twice: always, always"),
    ('key: [Sid, sid SM MM, "The letter."]', 'key: [Sid, name S, "The letter."]',
     "expected the prefixes of a SID"),
    # what makes no sense
    ("[decimal, always, ", "[decimal, required, ",
     "unknown flag 'required'; the flags here are always, quoted, secret"),
    ("[phone, required, ", "[phone, always, ", "unknown flag 'always'; the flags here are required, secret"),
    ("[phone, required, ", "[phone = x, required, ", "a required parameter has no default"),
    ("[decimal, always, ", "[decimal = 1, always, ", "a field has no default"),
    ("14400 = 14400", "14400 = 0", "the default '0' is no value of its type"),
    ("14400 = 14400", "14400 = soon", "the default 'soon' is no value of its type"),
    ("[method = POST, ", "[method = PUT, ", "the default 'PUT' is no value of its type"),
    ("Status: [enum LetterStatus, required,", "Status: [enum LetterStatus = lost,",
     "the default 'lost' is no"),
    ('key: [Sid, sid SM MM, "The letter."]', 'key: [Sid, text, "x."]', "expected a sid, name or country"),
    ('key: [Sid, sid SM MM, "The letter."]', 'key: [Sid, sid SM = SM1, "The letter."]',
     "a key has no default"),
    ('key: [Sid, sid SM MM, "The letter."]', "", "update and delete need a key", "  letters:"),
    ("      delete: {doc: Burn it.}", "      delete: {doc: Burn it., model: Letter}",
     "a delete has no answer"),
    ("items: page_list", "model: none", "a list has a model"),
    ("fetch: {doc: One letter.}", "fetch: {doc: One letter., items: letters}", "only a list has items"),
    ("success: 307", "success: 204", "status 204 has no body"),
    ("    name: Letter\n", "", "it has operations, so it needs a name", "  letters:"),
    ("collection: post.Stamping", "collection: Stamping", "expected module.Class"),
    ("    path: Post\n", "    path: Post\n    mixins: {instance: a.B}\n", "it has no instances",
     "    mixins: {instance: a.B}"),
    # names
    ("values: [slow, fast]", 'values: [slow, "fast "]', "expected printable text, got 'fast '"),
    ("    name: Letter\n", "    name: letter\n", "expected a name in CamelCase, got 'letter'"),
    ('key: [Sid, sid SM MM, "The letter."]', 'key: [sid, sid SM MM, "The letter."]',
     "expected a hole such as Sid, got 'sid'"),
    ("collection: post.Stamping", "collection: post.Letter", "the mixin post.Letter is called like",
     "doc: Letters and their pages; one of everything that a family can have."),
    ("  Stamp:\n", "  stamp:\n", "expected a name in CamelCase"),
    ("  Stamp:\n", "  Account:\n", "there already is the model Account"),
    ("  Stamp:\n", "  LetterClass:\n", "there already is the enum LetterClass"),
    ("  Page:\n    doc: One page.",
     "  Page:\n    doc: One page.\n    fields: {}\n  LetterContext:\n    doc: One page.",
     "its client would be called LetterContext", "  letters:"),
    ("  Page:\n    doc: One page.",
     "  Page:\n    doc: One page.\n    fields: {}\n  Literal:\n    doc: One page.",
     "something that generated modules import", "  Literal:"),
    ("  LetterClass: {", "  Method: {doc: How., values: [a]}\n  LetterClass: {",
     "something that generated modules import"),
    ("  LetterClass: {", "  CallSid: {doc: How., values: [a]}\n  LetterClass: {",
     "something that generated modules import"),
    ("  LetterClass: {", "  LettersCreate: {doc: How., values: [a]}\n  LetterClass: {",
     "its constant would be LETTERS_CREATE, that of", "      create:"),
    ("  post.opening:", "  accounts:", "spec/api/account.yaml has it already"),
    ("  post.opening:", "  Post.opening:", "expected a chain such as calls().recordings"),
    ("  post.opening:", "  class:", "nothing in accounts can be called class"),
    ("  post.opening:", "  close:", "nothing in accounts can be called close"),
    ("  letters().pages:", "  letters.create:", "nothing in letters can be called create"),
    ("  letters().pages:", "  letters().sid:", "nothing in letters can be called sid"),
    ("    path: Letters\n", "    path: /Letters\n", "expected a path such as Calls"),
    ("      weight: ", "      Weight: ", "expected a wire name in lower case"),
    ("      weight: ", "      unknown_fields: ", "every model has unknown_fields already"),
    ("          Validity: ", "          val idity: ", "expected a wire name such as StatusCallback"),
    ("          Validity: ", "          page_url: ", "expected a wire name such as StatusCallback"),
    ("          Validity: ", "          PageURL: ", "the name page_url is taken"),
    ("          Validity: ", "          Options: ", "the name options is taken"),
    ("          Country: ", "          Limit: ", "the name limit is taken"),
    ("          Validity: ", "          2Go: ", "expected a wire name such as StatusCallback"),
    # prose
    ('"In grams."', '"In grams"', "expected a sentence, got 'In grams'"),
    ("    doc: Write letters and look them up.\n", "    doc: Letters\n",
     "expected a sentence, got 'Letters'"),
    ("      sent: It left.\n", "      sent: gone\n", "expected a sentence, got 'gone'"),
    ("    docs: https://www.twilio.com/docs/usage/api\n    fields", "    docs: twilio\n    fields",
     "expected a page below https://www.twilio.com/docs/"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake[1].strip()[:40])
def test_a_mistake_is_told_with_its_line(mistake: tuple[str, ...], tmp_path: Path) -> None:
    old, new, message, *place = mistake
    letter, line = changed(old, new)
    if place:
        line = letter.split("\n").index(place[0]) + 1
    found = complaints(small(tmp_path, letter=letter))
    assert any(
        problem.startswith(f"spec/api/letter.yaml:{line}: ") and message in problem for problem in found
    ), found


def test_the_small_spec_itself_has_no_mistakes(tmp_path: Path) -> None:
    assert complaints(small(tmp_path)) == []


def test_all_mistakes_of_a_pass_are_told_at_once(tmp_path: Path) -> None:
    letter = LETTER.replace("[float, ", "[floot, ").replace("[boolean, ", "[bool, ")
    account = text("account").replace("path:", "paht:")
    found = complaints(small(tmp_path, letter=letter, account=account))
    assert [problem.partition(": ")[0] for problem in found] == [
        "spec/api/account.yaml:10",
        "spec/api/account.yaml:12",
        "spec/api/letter.yaml:28",
        "spec/api/letter.yaml:29",
    ]


def test_a_spec_without_accounts_or_without_files(tmp_path: Path) -> None:
    spec = small(tmp_path)
    (spec / "api" / "account.yaml").unlink()
    assert (
        "spec/api/letter.yaml:1: no family has the resource accounts, in which all others are"
        in complaints(spec)
    )
    (spec / "api" / "letter.yaml").unlink()
    (problem,) = complaints(spec)
    assert problem.endswith("spec/api:0: there is no *.yaml file in it")


@pytest.mark.parametrize("name", ["roots", "sids", "two-words", "class_", "2nd"])
def test_file_names_become_modules(name: str, tmp_path: Path) -> None:
    spec = small(tmp_path)
    (spec / "api" / "letter.yaml").rename(spec / "api" / f"{name}.yaml")
    found = complaints(spec)
    if name == "class_":
        assert found == []
    else:
        assert found == [f"spec/api/{name}.yaml:1: no module can be called {name!r}: rename the file"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "spec/api/letter.yaml:0: can't be read"),
        (b"doc: a\nresources: \x01", "spec/api/letter.yaml:2: not YAML"),
        (b"", "spec/api/letter.yaml:1: expected a mapping"),
        (b"- 1", "spec/api/letter.yaml:1: expected a mapping"),
        (b"[" * 600, "spec/api/letter.yaml:1: not YAML"),
        (b"doc: &a x.\nenums: &a {}", "spec/api/letter.yaml:2: an anchor of this name is there already"),
        (b"doc: !!int x", "spec/api/letter.yaml:1: not YAML"),
        (b"doc: x.\nresources: &a [*a]", "spec/api/letter.yaml:2: resources: expected a mapping"),
        (b"1: 2\n? [a]\n: 3", "spec/api/letter.yaml:1: expected text as key, got 1"),
        (b"doc: x.\nresources: {1: 2}", "spec/api/letter.yaml:2: resources: expected text as key, got 1"),
    ],
    ids=[
        "not UTF-8",
        "control",
        "empty",
        "a list",
        "deep",
        "anchor",
        "tag",
        "endless",
        "odd keys",
        "number as key",
    ],
)
def test_files_that_are_no_family(content: bytes, message: str, tmp_path: Path) -> None:
    spec = small(tmp_path)
    (spec / "api" / "letter.yaml").write_bytes(content)
    (problem, *_) = complaints(spec)
    assert problem.startswith(message)


# Words that mean something in a spec, and some that mean something to YAML or to Python.
WORDS = re.findall(r"[A-Za-z0-9_().]+|\S", LETTER)
ODD = [
    "", "null", "true", "1", "-1", "{", "]", ":", "- ", "&a", "*dates", "<<", "'", '"', "class", "self", "é",
    "\t", "|", "list", "none", "1..0", ">=", "=", "{1..9}", "\\", "%", "None", "__init__",
]  # fmt: skip


@st.composite
def corruptions(draw: st.DrawFn) -> str:
    """The text of letter.yaml with one thing wrong, or by luck another right one."""
    lines = LETTER.split("\n")
    number = draw(st.integers(0, len(lines) - 2))
    line = lines[number]
    match draw(st.sampled_from(["drop", "double", "swap", "indent", "word", "cut"])):
        case "drop":
            lines[number : number + 1] = []
        case "double":
            lines.insert(number, line)
        case "swap":
            lines[number], lines[number + 1] = lines[number + 1], line
        case "indent":
            lines[number] = " " * draw(st.integers(0, 12)) + line.lstrip()
        case "cut":
            lines[number] = line[: draw(st.integers(0, len(line)))]
        case _:
            words = list(re.finditer(r"[A-Za-z0-9_]+|[^\sA-Za-z0-9_]", line))
            if words:
                word = draw(st.sampled_from(words))
                new = draw(st.sampled_from(WORDS + ODD) | st.text(max_size=5))
                lines[number] = line[: word.start()] + new + line[word.end() :]
    return "\n".join(lines)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(corruptions())
def test_whatever_is_wrong_ends_in_a_line_or_in_python(letter: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            spec = small(Path(folder), letter=letter)
        except UnicodeEncodeError:  # lone surrogates can't be in a file
            return
        found = complaints(spec)
        lines = letter.count("\n") + 1
        for problem in found:
            told = re.match(r"spec/api/(?:letter|account)\.yaml:(\d+): .", problem)
            assert told is not None, problem
            assert 1 <= int(told[1]) <= lines + 1, problem
        if not found:
            planned = api.planned(spec)
            document(planned)
            for path, source in render_raw(planned).items():
                compile(source, path, "exec")
