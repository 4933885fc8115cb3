"""Each rule, by the page that describes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ringback.twiml import lint, voices
from ringback.twiml.findings import Rule
from ringback.twiml.rules import RULES

PAGES = Path(__file__).parents[2] / "docs" / "twiml-rules"
BLOCK = re.compile(r"```xml\n(.*?)```", re.DOTALL)

TASK = f'{{"note": "{"x" * 64}"}}'
WORKFLOW = "WW0123456789abcdef0123456789abcdef"

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
        # What was taken for wrong, and is not.
        "<Response><Message>See<Media>/a.png</Media></Message></Response>",
        "<Response><Message action='/s' statusCallback='/s'>Hi</Message></Response>",
        "<Response><Say>Which one?</Say><Pause/><Gather numDigits='1' action='/x'/></Response>",
        "<Response><Say>Which one?</Say><Gather action='/x'><Pause length='9'/></Gather></Response>",
        f"<Response><Dial><Sip>sip:{'a' * 240}@b.co?x-a={'1' * 1000}</Sip></Dial></Response>",
        f"<Response><Dial><Sip>{'<Uri>sip:alice@example.com</Uri>' * 12}</Sip></Dial></Response>",
        f"<Response><Message><Body>{'x' * 1590}</Body><Media>/{'y' * 100}</Media></Message></Response>",
        f"<Response><Enqueue workflowSid='{WORKFLOW}'><Task>{TASK}</Task></Enqueue></Response>",
        "<Response><Message statusCallback='/s' action='/s'>a</Message></Response>",
        "<Response><Dial>(415) 555-1212 x30</Dial></Response>",
        "<Response><Dial>1-800-555-PIZZA</Dial></Response>",
        "<Response><Dial>{{From}}</Dial></Response>",
        "<Response><Dial timeout='5'><Number>911</Number></Dial></Response>",
        "<Response><Dial timeout='600'><WhatsApp>whatsapp:+15017122661</WhatsApp></Dial></Response>",
        "<Response><Message to='whatsapp:+15017122661' from='messenger:1234567890123'>a</Message></Response>",
        "<Response><Message from='MG0123456789abcdef0123456789abcdef'>a</Message></Response>",
        "<Response><Say voice='{{voice}}'>a</Say></Response>",
        "<Response><Say voice='Google.xx-YY-Brandnew-HD-Zoe'>a<break/></Say></Response>",
        "<Response><Say voice='Polly.Kajal-Neural' language='hi-IN'>a</Say></Response>",
        "<Response><Say voice='Google.cmn-CN-Wavenet-A' language='zh-CN'>a</Say></Response>",
        "<Response><Say voice='Polly.Joanna' language='en-GB'>a</Say></Response>",
        "<Response><Say>a<break time='1s'/></Say></Response>",
        "<Response><Dial><Sip>sip:a@b.co?User-to-User=1&amp;X-b=2</Sip></Dial></Response>",
        "<Response><Redirect>/next?a=1&amp;b=%26amp;</Redirect></Response>",
        "<Response><Say>The &amp;amp; stands for and.</Say></Response>",
        "<Response><Connect><Stream url='wss://example.com'/></Connect><Say>a</Say></Response>",
        "<Response><Pause length='2'/><Reject/></Response>",
        "<Response><Say>Which?</Say><Start><Recording/></Start><Gather action='/x'/></Response>",
        "<Response><Say voice='Polly.Céline' language='fr-FR'>a</Say></Response>",
        "<Response><Say voice='Polly.Vitória' language='pt-BR'>a</Say></Response>",
        "<Response><Say voice='Polly.Joanna-Neural' language='en-US'>a</Say></Response>",
        "<Response><Say voice='Polly.Matthew-Generative'>a</Say></Response>",
        "<Response><Dial>415 555 1212</Dial></Response>",
        "<Response><Dial><Client><Identity>alice</Identity></Client></Dial></Response>",
        "<Response><Dial callerId='client:alice'><Client>bob</Client></Dial></Response>",
        "<Response><Dial><Sip>sip:a@b.sip.us1.twilio.com;transport=tls?x-a=b</Sip></Dial></Response>",
        "<Response><Dial>72975</Dial></Response>",
        "<Response><Dial><Number sendDigits='wwww1928'>415-123-4567</Number></Dial></Response>",
        "<Response><Message from='MyCompany12' to='+15017122661'>a</Message></Response>",
        "<Response><Message from='72975' to='{{From}}'>a</Message></Response>",
        "<Response><Message to='whatsapp:+15017122661' from='whatsapp:+15017122662'>a</Message></Response>",
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


HEADER = "<Headers><Header name='t' value='1'/></Headers>"
BODIES = f"<Body>{'x' * 900}</Body>" * 2
FOUND = [
    ("<Enqueue action='/x'>q</Enqueue><Say>a</Say>", "RB201", "leave `action` out"),
    ("<Connect action='/x'><Room>r</Room></Connect><Say>a</Say>", "RB201", "nothing after <Connect>"),
    ("<Message action='/x'>a</Message><Message>b</Message>", "RB201", "nothing after <Message>"),
    ("<Gather actionOnEmptyResult='true' action='/x'/><Say>b</Say>", "RB201", "asked without input"),
    ("<Record/><Say>Thanks.</Say>", "RB201", "only where nothing was recorded, `action` or not"),
    ("<Gather><Pause/></Gather>", "RB205", "silence"),
    ("<Message statusCallback='/s'>a</Message>", "RB207", "use action"),
    ("<Message>a<Body>b</Body></Message>", "RB203", "<Body>"),
    (f"<Dial><Sip>sip:{'a' * 256}</Sip></Dial>", "RB102", "260 characters of address; 255 are"),
    (f"<Dial><Sip>sip:a?x-a={'1' * 1025}</Sip></Dial>", "RB102", "1,029 characters of headers; 1,024 are"),
    (f"<Message>{BODIES}</Message>", "RB102", "1,800 characters"),
    ("<Dial>the front desk</Dial>", "RB216", "<Client>, <Conference>"),
    ("<Dial><Number>sip:a@b.co</Number></Dial>", "RB216", "<Sip>sip:a@b.co</Sip> instead"),
    ("<Dial>client:joey</Dial>", "RB216", "<Client>joey</Client> into <Dial>"),
    ("<Dial>a@b.co</Dial>", "RB216", "<Sip>sip:a@b.co</Sip> into <Dial>"),
    ("<Dial>tel:+15017122661</Dial>", "RB216", "write '+15017122661'"),
    ("<Message to='Mario'>a</Message>", "RB216", "'Mario' is no phone number"),
    ("<Say voice='female'>a</Say>", "RB217", "did you mean 'woman'?"),
    ("<Say voice='joanna'>a</Say>", "RB217", "did you mean 'Polly.Joanna'?"),
    ("<Say voice='en-US-Wavenet-A'>a</Say>", "RB217", "Google.…"),
    ("<Say voice='Polly.Brunhild'>a</Say>", "RB303", "none of Polly's voices"),
    ("<Say voice='Polly.Sabrina-Neural'>a</Say>", "RB303", "look it up in Twilio's list"),
    ("<Say voice='Polly.Joana-Neural'>a</Say>", "RB303", "did you mean 'Polly.Joanna-Neural'?"),
    ("<Dial>@front</Dial>", "RB216", "write a phone number"),
    ("<Say voice='alice' language='de-DE'>a<break/></Say>", "RB218", "Polly.Daniel"),
    ("<Say voice='man' language='ja-JP'>a</Say>", "RB219", "Polly.Kazuha"),
    ("<Say voice='Google.de-DE-Standard-A' language='en'>a</Say>", "RB219", "Polly.Joanna"),
    ("<Dial timeout='601'>+15017122661</Dial>", "RB220", 'timeout="600"'),
    ("<Sms from='Mario and Luigi'>a</Sms>", "RB221", "'Mario and L'"),
    (f"<Dial><Sip>sip:a@b.co{HEADER}</Sip></Dial>", "RB222", "'x-t'"),
    ("<Dial><Sip><Uri>sip:a@b.co?x-a=1&amp;b=2</Uri></Sip></Dial>", "RB222", "'x-b'"),
    ("<Gather action='/x?a=1&amp;amp;b=2'><Say>a</Say></Gather>", "RB223", "action is escaped twice"),
    ("<Dial><Sip>sip:a@b.co?x-a=1&amp;amp;x-b=2</Sip></Dial>", "RB223", "escaped twice"),
    ("<Say voice='man' loop='2'>a</Say>", "RB302", "<Pause/> in between"),
]


@pytest.mark.parametrize(("verbs", "code", "words"), FOUND)
def test_what_is_found_and_what_is_said(verbs: str, code: str, words: str) -> None:
    found = [problem for problem in lint(f"<Response>{verbs}</Response>") if problem.code == code]
    assert any(words in str(problem) for problem in found), found


def test_the_languages_of_all_known_voices_are_known() -> None:
    for voice in voices.known_words("Voice"):
        assert voices.of_shape(voice), voice
        assert voices.languages_of(voice), voice
    names = {voices.polly_name(voice) for voice in voices.known_words("Voice")}
    assert names - {None} == set(voices.POLLY)
