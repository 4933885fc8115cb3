"""No module imports another that imports it again, however long the way, for types alone included.

import-linter leaves imports under `if TYPE_CHECKING:` out of its layers. What is generated is left out here.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Final

import grimp
import pytest

# The rooms of an application name each other's types: they are one here, and nobody else may be in a circle
# with them.
_APPLICATION: Final = (
    "ringback.app.checks",
    "ringback.app.conversations.",
    "ringback.app.emitter",
    "ringback.app.flows.",
    "ringback.app.hub",
    "ringback.app.live.",
    "ringback.app.routes",
    "ringback.app.settings",
    "ringback.app.webhooks.",
)
_KERNEL: Final = "ringback.emulator.engine.kernel"
_NUMBERING: Final = "ringback.emulator.numbering"


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """What each module imports, by hand and of ours."""
    graph = grimp.build_graph("ringback", exclude_type_checking_imports=False, cache_dir=None)
    ours = {module for module in graph.modules if "._generated" not in module}
    return {module: graph.find_modules_directly_imported_by(module) & ours for module in ours}


def circle(imports: dict[str, set[str]]) -> list[str]:
    """The way of a circle, or nothing."""
    merged = dict[str, set[str]]()
    for module, others in imports.items():
        merged.setdefault(_merged(module), set()).update(map(_merged, others))
    for module, others in merged.items():
        others.discard(module)
    try:
        TopologicalSorter(merged).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _merged(module: str) -> str:
    return "application" if module.startswith(_APPLICATION) else module


def test_a_circle_is_found() -> None:
    assert sorted(set(circle({"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": set()}))) == ["a", "b", "c"]
    assert circle({"ringback.app.hub": {"ringback.app.flows.run"}, "ringback.app.flows.run": set()}) == []
    # Through the application's rooms as through one: it imports `b`, which imports it again.
    assert circle({"ringback.app.hub": {"b"}, "b": {"ringback.app.flows.run"}}) != []


def test_no_imports_go_in_a_circle(imports: dict[str, set[str]]) -> None:
    assert circle(imports) == []


def test_the_kernel_of_the_emulator_knows_nothing_of_what_it_runs(imports: dict[str, set[str]]) -> None:
    kernel = {module for module in imports if module.startswith(_KERNEL)}
    assert {f"{_KERNEL}.clock", f"{_KERNEL}.process", f"{_KERNEL}.outbox"} <= kernel
    known = {each for module in kernel for each in imports[module] if not each.startswith(_KERNEL)}
    assert known <= {"ringback.http"}


def test_the_numbering_plan_knows_nothing_of_the_emulator(imports: dict[str, set[str]]) -> None:
    plan = {module for module in imports if module.startswith(_NUMBERING)}
    assert {f"{_NUMBERING}.plan", f"{_NUMBERING}.search"} <= plan
    assert {each for module in plan for each in imports[module]} <= plan
