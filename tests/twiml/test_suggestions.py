"""Every suggestion that can be followed without thinking is followed, and mends what it is about."""

from __future__ import annotations

import re
from typing import Final

import pytest
from lxml import etree

from ringback.twiml import Problem, lint, validate
from tests.twiml.support import lxml_root
from tests.twiml.test_linting import BLOCK, FOUND, PAGES

# What asks for a decision, or for a document that is elsewhere.
TO_DECIDE: Final = (
    "move ",
    "look it up",
    "voices are man",
    "write a phone number",
    "give the text an element of its own",
    "give it an `action`",
    "use action",
    "use Message",
    "write it as often",
    "use <Parameter> inside",
)
MISTAKES: Final = [
    "<Sya>Hello</Sya>",
    "<Say voise='man'>Hello</Say>",
    "<Redirect method='PSOT'>/x</Redirect>",
    "<Gather input='dtfm'><Say>Which?</Say></Gather>",
    "<Gather numdigits='1'><Say>Which?</Say></Gather>",
    "<Dial><Conference beep='onEntre'>room</Conference></Dial>",
    "Hello, there",
    "<Gather>Which one?</Gather>",
]
DOCUMENTS: Final = [
    *(f"<Response>{verbs}</Response>" for verbs in MISTAKES),
    "<Response><Hangup/><Say>a</Say><Pause/></Response>",
    *(f"<Response>{verbs}</Response>" for verbs, _, _ in FOUND),
    *(
        BLOCK.findall(page.read_text(encoding="utf-8"))[0]
        for page in sorted(PAGES.glob("RB*.md"))
        if BLOCK.search(page.read_text(encoding="utf-8"))
    ),
]


def problems_of(xml: str) -> list[Problem]:
    return [*validate(xml), *lint(xml)]


def mended(xml: str, problem: Problem) -> str:
    """The document with the suggestion carried out."""
    root = lxml_root(xml)
    place, _, attribute = problem.path.partition("/@")
    inner = place.removeprefix("/Response").lstrip("/")
    element = root.find(inner) if inner else root
    assert element is not None
    parent = root.find(inner.rpartition("/")[0]) if "/" in inner else root
    assert parent is not None
    suggestion = problem.suggestion or ""

    def said(pattern: str) -> str | None:
        match = re.search(pattern, suggestion)
        return match[1] if match is not None else None

    if right := said(r"^did you mean '?(.+?)'?\?$"):
        if " has no attribute " in problem.message:
            element.set(right, element.attrib.pop(attribute))
        elif " can't stand inside " in problem.message:
            element.tag = right
        else:
            element.set(attribute, right)
    elif pair := re.search(r'(\w+)="([^"]*)"', suggestion.replace("<break time=", "")):
        element.set(pair[1], pair[2])
    elif right := said("^write '(.*)'$"):
        if attribute:
            element.set(attribute, right)
        else:
            element.text = right
    elif noun := said("^write (<.*>) instead$"):
        parent[list(parent).index(element)] = lxml_root(noun)
    elif noun := said("^put (<.*>) into <Dial>$"):
        element.text = None
        element.append(lxml_root(noun))
    elif verb := said("^put it into (<Say>.*</Say>)$"):
        element.text = None
        element.insert(0, lxml_root(verb))
    elif right := said("^shorten it, e.g. to '(.*)'$"):
        element.set(attribute, right)
    elif right := said("^call it '(.*)'$"):
        if attribute:
            element.set(attribute, right)
        else:
            bare = right.removeprefix("x-")
            element.text = re.sub(f"(?<=[?&]){bare}=", f"{right}=", element.text or "")
    elif name := said(r"^add (\w+)$"):
        element.set(name, "/status")
    elif tag := said("^end it with (<.*>)$"):
        element.append(lxml_root(tag))
    elif suggestion == "put a <Say> inside":
        element.append(lxml_root("<Say>Which one?</Say>"))
    elif suggestion.startswith("write each & of it as &amp;"):
        # What is one & to lxml is written &amp;.
        if attribute:
            element.set(attribute, element.get(attribute, "").replace("&amp;", "&"))
        else:
            element.text = (element.text or "").replace("&amp;", "&")
    elif suggestion.startswith("remove what follows"):
        for each in list(parent)[list(parent).index(element) :]:
            parent.remove(each)
    elif suggestion == "put it first":
        parent.remove(element)
        parent.insert(0, element)
    elif home := said("^put it into <(.*)>$"):
        parent[list(parent).index(element)] = wrapper = etree.Element(home)
        wrapper.append(element)
    else:
        raise AssertionError(f"nobody knows how to follow {suggestion!r}")
    return etree.tostring(root, encoding="unicode")


@pytest.mark.parametrize("xml", DOCUMENTS)
def test_what_is_suggested_mends_the_document(xml: str) -> None:
    for problem in problems_of(xml):
        if problem.suggestion is None or problem.suggestion.startswith(TO_DECIDE):
            continue
        better = mended(xml, problem)
        left = {(other.path, other.code, other.message) for other in problems_of(better)}
        assert (problem.path, problem.code, problem.message) not in left, better
        # What is mended is valid, unless something else wasn't from the start.
        assert {other.code for other in validate(better)} <= {other.code for other in validate(xml)}, better


def test_the_mistakes_above_are_valid_afterwards() -> None:
    for verbs in MISTAKES:
        xml = f"<Response>{verbs}</Response>"
        for _ in range(3):
            problems = validate(xml)
            if not problems:
                break
            assert problems[0].suggestion, problems[0]
            xml = mended(xml, problems[0])
        assert validate(xml) == [], xml
