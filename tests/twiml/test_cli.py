"""`ringback twiml` as a process would see it."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

import ringback
from ringback.twiml import Problem, VoiceResponse, parse, reports
from ringback.twiml.cli import add_parser
from ringback.twiml.converting import to_python
from ringback.twiml.drawing import Paint, draw
from ringback.twiml.reports import FORMATS, Checked
from tests.twiml.support import CORPUS, Sample, corpus

BROKEN = """<Response>
  <Gather numDigits="0"><Say>x</Say></Gather>
  <Hangup/>
  <Say loop="2">y</Say>
</Response>
"""


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="ringback")
    add_parser(parser.add_subparsers(required=True))
    options = parser.parse_args(["twiml", *arguments])
    status: int = options.run(options)
    return status


@pytest.fixture
def broken(tmp_path: Path) -> str:
    path = tmp_path / "broken.xml"
    path.write_text(BROKEN, encoding="utf-8")
    return str(path)


def test_check_prints_like_a_compiler(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", broken) == 1
    assert capsys.readouterr().out == (
        f"{broken}:2:11: error[12200]: numDigits: expected an integer of at least 1, got 0\n"
        '  2 |   <Gather numDigits="0"><Say>x</Say></Gather>\n'
        "    |           ^\n"
        f"{broken}:4:3: warning[RB201]: nothing after <Hangup> runs\n"
        '  4 |   <Say loop="2">y</Say>\n'
        "    |   ^\n"
        "  help: remove what follows <Hangup>\n"
        f"{broken}:4:8: note[RB302]: the repetitions of this <Say> follow each other without a pause\n"
        '  4 |   <Say loop="2">y</Say>\n'
        "    |        ^\n"
        '  help: end it with <break time="1s"/>\n'
        "1 file: 1 error, 1 warning, 1 note\n"
    )


def test_check_exits_with_what_it_found(
    broken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fine = tmp_path / "fine.xml"
    fine.write_text("<Response><Say>x</Say></Response>", encoding="utf-8")
    late = tmp_path / "late.xml"
    late.write_text("<Response><Hangup/><Say>x</Say></Response>", encoding="utf-8")
    assert run("check", str(fine)) == 0
    assert capsys.readouterr().out == "1 file: no problems\n"
    assert run("check", str(late)) == 0
    assert run("check", str(late), "--fail-on-warnings") == 1
    assert run("check", str(late), "--fail-on-warnings", "--ignore", "RB201") == 0
    assert run("check", str(fine), broken, str(late)) == 1
    assert "3 files: 1 error, 2 warnings, 1 note" in capsys.readouterr().out
    assert run("check", str(tmp_path / "none.xml")) == 2
    assert "none.xml: No such file or directory" in capsys.readouterr().err
    assert run("check", str(fine), "--document", "messaging") == 1
    with pytest.raises(SystemExit):
        run("check", "--ignore", "RB999", str(fine))


def test_a_file_that_cannot_be_read_hides_no_report(
    broken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", str(tmp_path / "none.xml"), broken, str(tmp_path)) == 2
    told = capsys.readouterr()
    assert "1 file: 1 error, 1 warning, 1 note" in told.out
    assert "none.xml: No such file or directory" in told.err
    assert f"{tmp_path}: Is a directory" in told.err


def test_python_says_that_a_document_is_invalid(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("python", broken) == 0
    told = capsys.readouterr()
    compile(told.out, broken, "exec")
    assert f"{broken}: not valid TwiML" in told.err
    assert f"{broken}:2:11: error[12200]: numDigits" in told.err
    assert "RB201" not in told.err


def test_python_is_silent_about_a_valid_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fine.xml"
    path.write_text("<Response><Say>x</Say></Response>", encoding="utf-8")
    assert run("python", str(path)) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("a b%c#d?.xml", "a%20b%25c%23d%3F.xml"),
        ("mailto:x.xml", "mailto%3Ax.xml"),
        ("./ä/<x>.xml", "%C3%A4/%3Cx%3E.xml"),
        ("//host/x.xml", "/host/x.xml"),
        ("\udcff.xml", "%FF.xml"),
    ],
)
def test_sarif_names_files_by_uris(name: str, uri: str) -> None:
    checked = Checked(name, "", [Problem(1, 1, "", "12100", "x")])
    [sarif] = json.loads(FORMATS["sarif"]([checked], Paint(on=False)))["runs"]
    [location] = sarif["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri
    assert sarif["tool"]["driver"]["version"] == ringback.__version__


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("C:\\a b\\x.xml", "file:///C:/a%20b/x.xml"),
        ("C:x.xml", "C%3Ax.xml"),
        ("a b\\x.xml", "a%20b/x.xml"),
        ("\\\\host\\share\\x.xml", "file://host/share/x.xml"),
    ],
)
def test_sarif_names_files_of_windows_by_uris(name: str, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "PurePath", PureWindowsPath)
    checked = Checked(name, "", [Problem(1, 1, "", "12100", "x")])
    [sarif] = json.loads(FORMATS["sarif"]([checked], Paint(on=False)))["runs"]
    [location] = sarif["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_check_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN.encode("utf-16"))))
    assert run("check", "-") == 1
    assert capsys.readouterr().out.startswith("<stdin>:2:11: error[12200]")


def test_check_colours_a_terminal(
    broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    run("check", broken, "--color", "always")
    assert "\x1b[31merror[12200]\x1b[0m" in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    run("check", broken)
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    run("check", broken)
    assert "\x1b[" not in capsys.readouterr().out


def test_check_shows_no_control_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evil.xml"
    path.write_bytes(b"<Response>\x1b]0;evil\x07<Say</Response>")
    assert run("check", str(path)) == 1
    assert "\x1b" not in capsys.readouterr().out
    path.write_text("<Response><Nope>\u009b31m\u202e</Nope></Response>", encoding="utf-8")
    assert run("check", str(path)) == 1
    assert run("show", str(path)) == 0
    shown = capsys.readouterr().out
    assert "\u009b" not in shown
    assert "\u202e" not in shown


def test_json(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--format", "json", broken) == 1
    problems = json.loads(capsys.readouterr().out)
    assert [problem.pop("file") for problem in problems] == [broken] * 3
    first = Problem(**problems[0])
    assert (first.line, first.column, first.code) == (2, 11, "12200")
    assert first.path == "/Response/Gather[1]/@numDigits"


def test_sarif(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--format", "sarif", broken) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["version"] == "2.1.0"
    [sarif] = report["runs"]
    rules = {rule["id"] for rule in sarif["tool"]["driver"]["rules"]}
    assert [result["ruleId"] for result in sarif["results"]] == ["12200", "RB201", "RB302"]
    assert all(result["ruleId"] in rules for result in sarif["results"])
    assert [result["level"] for result in sarif["results"]] == ["error", "warning", "note"]
    [location] = sarif["results"][0]["locations"]
    assert location["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 11}
    assert location["physicalLocation"]["artifactLocation"]["uri"] == Path(broken).as_posix()


def test_github(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a,b:c.xml"
    path.write_text("<Response><Gather hints='100%&#10;x' method='%'/></Response>", encoding="utf-8")
    assert run("check", "--format", "github", str(path)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("::") for line in lines)
    assert any("a%2Cb%3Ac.xml,line=1,col=" in line and "got '%25'" in line for line in lines)


def test_a_file_that_is_no_xml_is_reported_not_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.xml"
    path.write_bytes(b"<html><br>\xff</html>")
    for command in ("check", "show", "python"):
        assert run(command, str(path)) == 1
    assert "Traceback" not in "".join(capsys.readouterr())
    path.write_bytes(b" " * 400_000)
    assert run("check", str(path)) == 1
    assert "are not read" in capsys.readouterr().out


@pytest.mark.parametrize("sample", corpus("valid")[::6], ids=str)
def test_python_builds_the_same_document(sample: Sample) -> None:
    source = to_python(sample.xml, document=sample.document)
    made: dict[str, object] = {}
    exec(compile(source, sample.name, "exec"), made)  # noqa: S102
    assert made["response"] == parse(sample.xml, document=sample.document)


def test_python_is_formatted(tmp_path: Path) -> None:
    for number, sample in enumerate([*corpus("valid"), *corpus("flagged"), *corpus("invalid")]):
        if sample.code not in ("not-well-formed", "root") and "entity" not in sample.name:
            source = to_python(sample.xml, document=sample.document)
            (tmp_path / f"sample_{number}.py").write_text(source, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["format", "--check"], ["check", "--select", "E4,E7,E9,F,I"]):
        done = subprocess.run(
            [*ruff, *command, "--isolated", "--line-length", "88", str(tmp_path)],
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode()[:3000]


def test_python_keeps_what_the_schema_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.xml"
    path.write_text("<Response new='1'><Say voice='man'>a<New>b</New></Say><Gather timeout='0'/></Response>")
    assert run("python", str(path)) == 0
    made: dict[str, object] = {}
    exec(capsys.readouterr().out, made)  # noqa: S102
    response = made["response"]
    assert isinstance(response, VoiceResponse)
    assert response == parse(path.read_bytes(), strict=False)


def test_show_draws_a_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tree.xml"
    path.write_text(
        "<Response><Gather numDigits='1'><Say voice='man'>Press 1 <break/> now</Say><Nope/></Gather>"
        "<Dial><Sip username='u' password='hunter2'>sip:a@b.c</Sip></Dial></Response>"
    )
    assert run("show", str(path)) == 0
    drawn = capsys.readouterr().out
    assert drawn == (
        "Response\n"
        "├── Gather  numDigits=1\n"
        "│   ├── Say  voice=man\n"
        '│   │   ├── "Press 1"\n'
        "│   │   ├── break\n"
        '│   │   └── "now"\n'
        "│   └── Nope\n"
        "└── Dial\n"
        '    └── Sip  username=u  password=***  "sip:a@b.c"\n'
    )
    assert run("show", str(path), "--color", "always") == 0
    assert "\x1b[31mNope\x1b[0m" in capsys.readouterr().out


def test_every_sample_can_be_drawn() -> None:
    for sample in corpus("valid"):
        assert draw(sample.xml, document=sample.document).startswith("Response\n")
    assert CORPUS.is_dir()
