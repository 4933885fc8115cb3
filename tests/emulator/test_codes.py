"""Every code that the emulator tells is one of Twilio's."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ringback.emulator
from ringback._generated.emulation.tables import FAMILIES
from ringback.emulator.engine.trouble import Trouble
from ringback.error_codes import explain

SOURCES = sorted(Path(ringback.emulator.__file__).parent.rglob("*.py"))
# For what the emulator doesn't do, with 501: Twilio does all of it. And for queues whose name is taken or
# which are not empty, of which the dictionary says nothing.
OWN = {20501, 22003, 22004}
LEAST = 10_000


# Where the code is that a function is called with: the number of the argument, or its name.
TELLING: dict[str, tuple[int | str, ...]] = {
    "Trouble": (0, "code"),
    "Refused": (1, "code"),
    "advance": (3, "code"),
    "problem": (0,),
    "_refuse": (2, "otherwise"),
    "evolve": ("code",),
    "execute": ("forbidden",),
}


class Told(ast.NodeVisitor):
    """The codes that a module tells: numbers, its constants and tables, and what its functions return."""

    def __init__(self, source: str) -> None:
        self.codes: set[int] = set()
        self._named: dict[str, list[ast.expr]] = {}
        tree = ast.parse(source)
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                self._named[node.target.id] = [node.value]
            elif isinstance(node, ast.FunctionDef):
                returns = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
                self._named[node.name] = [each for each in returns if each is not None]
        self.visit(tree)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            for where in TELLING.get(node.func.id, ()):
                if isinstance(where, str):
                    given = [each.value for each in node.keywords if each.arg == where]
                else:
                    given = node.args[where : where + 1]
                for each in given:
                    self._take(each, set())
        self.generic_visit(node)

    def _take(self, value: ast.expr, seen: set[str]) -> None:
        for each in ast.walk(value):
            if isinstance(each, ast.Constant) and type(each.value) is int and each.value >= LEAST:
                self.codes.add(each.value)
            elif isinstance(each, ast.Name) and each.id not in seen:
                for named in self._named.get(each.id, ()):
                    self._take(named, {*seen, each.id})


def codes(source: Path) -> set[int]:
    return Told(source.read_text(encoding="utf-8")).codes


def test_codes_are_found_where_they_are_told() -> None:
    source = """
_GONE: Final = 11111
_TABLE: Final = {"a": 11112}
raise Refused(400, 11113 if a else 11114, "x")
trouble = Trouble(_GONE, f"{99999}", url)
_refuse("From", sender, _TABLE, otherwise=11115)
other(11116)
def code(kind):
    return {"x": 11117}.get(kind, _GONE)
evolve(trouble, code=code("x"))
"""
    assert Told(source).codes == {11111, 11112, 11113, 11114, 11115, 11117}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(SOURCES[0].parent)))
def test_every_code_that_is_told_is_known(source: Path) -> None:
    assert {code for code in codes(source) - OWN if explain(code) is None} == set()


def test_there_are_codes_to_look_at() -> None:
    found = set[int]().union(*map(codes, SOURCES))
    assert {11200, 12100, 13238, 15003, 20003, 20404, 21211, 21610} <= found
    assert len(found) > 50


def test_every_code_of_the_families_is_known() -> None:
    found: set[int] = set()
    for family in FAMILIES.values():
        found |= set(family.unique.values()) | {code for _, code in family.refers.values()}
        found |= {family.full} if family.full else set()
        for parameters in family.errors.values():
            found |= {code for kinds in parameters.values() for code in kinds.values()}
    assert len(found) > 20
    assert {code for code in found - OWN if explain(code) is None} == set()


@pytest.mark.parametrize(("code", "level"), [(11200, "error"), (12200, "warning"), (20501, "error")])
def test_the_level_is_what_twilio_has_for_the_code(code: int, level: str) -> None:
    assert Trouble(code, "", "").level == level
    assert Trouble(code, "", "", fatal=True).level == "error"


def test_a_trouble_without_words_is_told_in_those_of_its_code() -> None:
    assert Trouble(13201, "", "").told == "Dial used on a leg that was itself dialed"
    assert Trouble(13201, "really", "").told == "really"
    assert Trouble(20501, "", "").told == ""
