"""Every mistake in `spec/error_codes.yaml` is told, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen import api, twiml
from codegen.error_codes import render
from codegen.error_codes.check import check
from codegen.error_codes.load import load
from codegen.error_codes.render import render_module
from codegen.problems import SpecError
from tests.docs.snippets import ROOT

API = api.planned(ROOT / "spec")
DOCUMENTS = [twiml.document(ROOT / "spec", name) for name in ("voice", "messaging")]

RIGHT = """\
# Codes.
Voice:
  21211: [error, 400, "Not a number", calls.create To, <Dial>]
  13223: [warning, "Not written so", <Number method>, any.list PageSize]
SIP:
  32000: [error, presumed, "Seen in SIP 1.0 only", call, recordings]
  32001: [error, presumed, 503, "Seen no place"]
"""


def complaints(folder: Path, text: str) -> list[str]:
    file = folder / "error_codes.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        codes, source = load(file, "spec/error_codes.yaml")
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return [str(problem) for problem in check(codes, source, API, DOCUMENTS)]


def test_a_right_one(tmp_path: Path) -> None:
    assert complaints(tmp_path, RIGHT) == []
    codes, _ = load(tmp_path / "error_codes.yaml", "error_codes.yaml")
    module: dict[str, object] = {}
    exec(render_module(codes), module)  # noqa: S102
    assert module["CODES"] == (
        "13223|warning|Voice|||<Number method>,any.list PageSize|Not written so\n"
        "21211|error|Voice|400||calls.create To,<Dial>|Not a number\n"
        "32000|error|SIP||presumed|call,recordings|Seen in SIP 1.0 only\n"
        "32001|error|SIP|503|presumed||Seen no place\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (RIGHT, "", "1: expected a mapping of products to their codes"),
        (RIGHT, "[1]", "1: expected a mapping of products to their codes"),
        ("# Codes.", "Codes: [", "3: not YAML"),
        ("Voice:", "7:", "1: expected the name of a product, got 7"),
        ("Voice:", '"|":', "1: expected the name of a product, got '|'"),
        ("SIP:", "SIP: {}\nFax:", "5: SIP: expected a mapping of codes to what they are"),
        ("SIP:", "SIP: text\nFax:", "5: SIP: expected a mapping of codes to what they are"),
        ("  32000", "  x", "6: SIP.x: expected a code such as 21211, got 'x'"),
        ("  32000", "  -1", "6: SIP[-1]: expected a code such as 21211, got -1"),
        ("  32000", "  true", "6: SIP[True]: expected a code such as 21211, got True"),
        ("  32000", "  21211", "6: SIP[21211]: the code is there already, under Voice"),
        ("  32001", "  32000", "7: not YAML: found duplicate key"),
        ("[warning, ", "[notice, ", "4: Voice[13223]: expected the level error or warning, got 'notice'"),
        ("[warning, ", "[", "4: Voice[13223]: expected the level error or warning, got 'Not written so'"),
        ("400, ", "200, ", "3: Voice[21211]: expected an HTTP status from 400 to 599, got 200"),
        ("400, ", "400, 401, ", "3: Voice[21211]: expected [level, status, meaning, places…], got ["),
        ("400, ", "true, ", "3: Voice[21211]: expected [level, status, meaning, places…], got ["),
        ('[error, presumed, 503, "Seen no place"]', "[error]", "7: SIP[32001]: expected [level, status,"),
        ('[error, presumed, 503, "Seen no place"]', "x", "7: SIP[32001]: expected [level, status,"),
        ('[error, presumed, 503, "Seen no place"]', "[error, presumed]", "7: SIP[32001]: expected [level,"),
        ('presumed, 503, "Seen', 'presumed, "Seen', "7: SIP[32001]: there is neither a status nor a place"),
        ('"Not a number"', '"Not a number."', "3: Voice[21211]: expected a meaning of at most 80"),
        ('"Not a number"', '" Not  a number"', "3: Voice[21211]: expected a meaning of at most 80"),
        ('"Not a number"', '"Not|a number"', "3: Voice[21211]: expected a meaning of at most 80"),
        ('"Not a number"', "'Not \"a\" number'", "3: Voice[21211]: expected a meaning of at most 80"),
        ('"Not a number"', '"Keine Nümmer"', "3: Voice[21211]: expected a meaning of at most 80"),
        ('"Not a number"', '""', "3: Voice[21211]: expected a meaning of at most 80"),
        ('"Not a number"', f'"{"x" * 81}"', "3: Voice[21211]: expected a meaning of at most 80"),
        ("<Dial>", "calls.create To", "3: Voice[21211]: a place is there twice: calls.create To, calls"),
        ("<Dial>", "{a: b}", "3: Voice[21211]: expected [level, status, meaning, places…], got ["),
        ("<Dial>", "<Dail>", "3: Voice[21211][4]: <Dail> is no element of twiml/*.xsd"),
        ("<Dial>", "<Dail timeout>", "3: Voice[21211][4]: <Dail> is no element of twiml/*.xsd"),
        ("<Dial>", "<Dial timeuot>", "3: Voice[21211][4]: <Dial> has no attribute 'timeuot'"),
        ("<Dial>", "<Number method>", "3: Voice[21211][4]: <Number method> has a code already, 13223"),
        ("<Dial>", "Dial", "3: Voice[21211][4]: expected <Element>, a resource, an operation or one of any,"),
        ("<Dial>", "calls.destroy", "3: Voice[21211][4]: expected <Element>, a resource, an operation or"),
        ("<Dial>", "call To", "3: Voice[21211][4]: expected <Element>, a resource, an operation or"),
        ("create To", "create Too", "3: Voice[21211][3]: calls.create has no parameter 'Too'"),
        ("create To", "create PageSize", "3: Voice[21211][3]: calls.create has no parameter 'PageSize'"),
        ("PageSize", "PageCount", "4: Voice[13223][3]: any.list has no parameter 'PageCount'"),
        ("any.list", "any.remove", "4: Voice[13223][3]: expected <Element>, a resource, an operation or"),
        ("call, recordings", "call, recording", "6: SIP[32000][4]: expected <Element>, a resource, an"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert RIGHT.count(old) == 1
    [problem, *others] = complaints(tmp_path, RIGHT.replace(old, new))
    assert problem.startswith(f"spec/error_codes.yaml:{told}")
    assert others == []


def test_all_mistakes_of_a_pass_are_told_at_once(tmp_path: Path) -> None:
    shapes = RIGHT.replace("400", "4").replace("[warning", "[note").replace(" 32000", " ?")
    assert [problem.split(":")[1] for problem in complaints(tmp_path, shapes)] == ["3", "4", "6"]
    places = RIGHT.replace("create To", "create Too").replace("recordings", "recording")
    assert [problem.split(":")[1] for problem in complaints(tmp_path, places)] == ["3", "6"]


def test_a_specification_without_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"error_codes\.yaml:0: can't be read"):
        render(tmp_path)
