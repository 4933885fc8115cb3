"""Each rule, by the page that describes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ringback.twiml import lint
from ringback.twiml.rules import RULES, Rule

PAGES = Path(__file__).parents[2] / "docs" / "twiml-rules"
BLOCK = re.compile(r"```xml\n(.*?)```", re.DOTALL)

# Documents of rules about size, which no page can show.
LONG = {
    "RB102": ("<Response><Say>" + "x" * 4097 + "</Say></Response>", "<Response><Say>x</Say></Response>"),
    "RB104": ("<Response>" + "<Pause/>" * 9000 + "</Response>", "<Response><Pause/></Response>"),
    "RB301": ("<Response>" + "<Pause/>" * 500 + "</Response>", "<Response><Pause/></Response>"),
}


@pytest.mark.parametrize("rule", RULES, ids=[rule.code for rule in RULES])
def test_the_page_of_a_rule_shows_what_it_finds_and_what_is_better(rule: Rule) -> None:
    page = (PAGES / f"{rule.code}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {rule.code}: {rule.name}\n\nSeverity: {rule.severity}.\n")
    bad, good = LONG.get(rule.code) or BLOCK.findall(page)
    found = [problem for problem in lint(bad) if problem.code == rule.code]
    assert found
    assert all(problem.severity == rule.severity and problem.line for problem in found)
    assert rule.code not in {problem.code for problem in lint(good)}
    assert rule.code not in {problem.code for problem in lint(bad, ignore=[rule.code])}


def test_every_page_belongs_to_a_rule_and_is_listed() -> None:
    assert {path.stem for path in PAGES.glob("RB*.md")} == {rule.code for rule in RULES}
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\| \[(RB\d+)\]\(\1\.md\) \| (.*?) \| (.*?) \|", index)
    assert listed == [(rule.code, rule.name, rule.severity) for rule in RULES]


@pytest.mark.parametrize(
    "xml",
    [
        "<Response/>",
        "<Response><Say>Which one?</Say><Gather numDigits='1' action='/x'/></Response>",
        "<Response><Say>a</Say><Pause/><Redirect>/next</Redirect></Response>",
        "<Response><Record action='/x'/><Say>We heard nothing.</Say></Response>",
        "<Response><Enqueue workflowSid='WW0123456789abcdef0123456789abcdef'/></Response>",
        "<Response><Say voice='Polly.Brandnew-Generative' language='xx-YY'>a</Say></Response>",
        "<Response><Dial action='/x' method='GET' record='true'>+15017122661</Dial></Response>",
        "<Response><Gather input='speech' speechModel='deepgram_nova-9'><Say>a</Say></Gather></Response>",
        "<Response><Stop><Transcription statusCallbackUrl='/' statusCallbackMethod='GET'/></Stop></Response>",
        "<Response><Redirect method='GET'/></Response>",
        "<Response><Message action='/s'><Body>Hi</Body><Media>/a.png</Media></Message></Response>",
        "<Response><Play digits='ww1'/></Response>",
        "<Other><Say/></Other>",
    ],
)
def test_what_is_fine_is_left_alone(xml: str) -> None:
    assert lint(xml) == []


def test_findings_come_in_the_order_of_the_document_and_say_where() -> None:
    xml = "<Response>\n <Gather hints='a'/>\n <Hangup/>\n <Sms from='1'>x</Sms>\n</Response>"
    assert [(p.line, p.column, p.path, p.code) for p in lint(xml)] == [
        (2, 2, "/Response/Gather[1]", "RB205"),
        (2, 10, "/Response/Gather[1]/@hints", "RB214"),
        (4, 2, "/Response/Sms[1]", "RB201"),
        (4, 2, "/Response/Sms[1]", "RB207"),
    ]
