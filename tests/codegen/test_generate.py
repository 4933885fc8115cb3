"""`python -m codegen`: the same text every time, told from what is there, and only what is rendered stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from codegen import api
from codegen.__main__ import OUTPUT, ROOT, SPEC, main
from codegen.api.render import render_modules
from codegen.emit import BANNER, compare, write
from tests.codegen.specs import GOLDEN, SMALL, small, text


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    return render_modules(api.planned(SMALL))


def test_golden_files(rendered: dict[str, str]) -> None:
    """What the small spec becomes; `REGOLD=1 pytest tests/codegen` writes the files anew."""
    if os.environ.get("REGOLD"):
        write({f"{Path(path).stem}.golden": source for path, source in rendered.items()}, GOLDEN)
    assert {path.name for path in GOLDEN.iterdir()} == {f"{Path(path).stem}.golden" for path in rendered}
    for path, source in rendered.items():
        assert source == (GOLDEN / f"{Path(path).stem}.golden").read_text(encoding="utf-8"), path


def test_every_file_says_that_it_is_generated(rendered: dict[str, str]) -> None:
    for path, source in rendered.items():
        assert source.startswith(BANNER), path


def test_the_text_does_not_depend_on_the_process(rendered: dict[str, str]) -> None:
    """Sets and hashes have another order in another process; what is written has not."""
    script = (
        "import json, sys; from pathlib import Path; from codegen import api;"
        "json.dump(api.render(Path(sys.argv[1])), sys.stdout)"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(SMALL)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        assert json.loads(done.stdout) == rendered


def test_what_is_in_the_tree_is_what_the_spec_says() -> None:
    """Deleting `_generated/api` and generating it brings it back, byte for byte: the text is all there is."""
    fresh = api.render(SPEC)
    for path, source in fresh.items():
        assert (OUTPUT / path).read_bytes() == source.encode(), f"{path}: run `python -m codegen`"
    present = {path.relative_to(OUTPUT).as_posix() for path in (OUTPUT / "api").rglob("*.py")}
    assert present == set(fresh)


def test_writing_makes_a_folder_exactly_that(rendered: dict[str, str], tmp_path: Path) -> None:
    assert {str(difference) for difference in write(rendered, tmp_path)} == {
        f"missing  {tmp_path / path}" for path in rendered
    }
    assert compare(rendered, tmp_path) == []
    assert write(rendered, tmp_path) == []

    letter = tmp_path / "api" / "letter.py"
    letter.write_bytes(letter.read_bytes() + b"\n")
    (tmp_path / "api" / "roots.py").unlink()
    (tmp_path / "old" / "deep" / "__pycache__").mkdir(parents=True)
    (tmp_path / "old" / "deep" / "gone.py").touch()
    (tmp_path / "old" / "deep" / "__pycache__" / "gone.cpython-310.pyc").touch()
    (tmp_path / "api" / "__pycache__").mkdir()
    (tmp_path / "api" / "__pycache__" / "letter.cpython-310.pyc").touch()
    told = [(difference.kind, difference.path) for difference in compare(rendered, tmp_path)]
    assert told == [
        ("stale", letter),
        ("missing", tmp_path / "api" / "roots.py"),
        ("obsolete", tmp_path / "old" / "deep" / "gone.py"),
    ]

    write(rendered, tmp_path)
    assert compare(rendered, tmp_path) == []
    assert not (tmp_path / "old").exists()
    assert (tmp_path / "api" / "__pycache__" / "letter.cpython-310.pyc").exists()
    assert {path.name: path.read_text() for path in (tmp_path / "api").glob("*.py")} == {
        Path(path).name: source for path, source in rendered.items()
    }


def test_line_ends_are_part_of_the_text(rendered: dict[str, str], tmp_path: Path) -> None:
    write(rendered, tmp_path)
    roots = tmp_path / "api" / "roots.py"
    roots.write_bytes(roots.read_bytes().replace(b"\n", b"\r\n"))
    assert [difference.kind for difference in compare(rendered, tmp_path)] == ["stale"]


def test_check_and_generate_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("codegen.__main__.OUTPUT", tmp_path)
    monkeypatch.setattr("codegen.__main__.PARTS", (api,))
    monkeypatch.setattr("codegen.__main__.SPEC", SMALL)

    assert main(["--check"]) == 1
    out = capsys.readouterr()
    assert f"missing  {tmp_path / 'api' / 'letter.py'}" in out.out
    assert "run `python -m codegen`" in out.err
    assert list(tmp_path.iterdir()) == []

    assert main([]) == 0
    assert main(["--check"]) == 0
    assert (tmp_path / "api" / "letter.py").exists()


def test_a_mistake_ends_the_command_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = small(tmp_path, letter=text("letter").replace("[float, ", "[floot, "))
    monkeypatch.setattr("codegen.__main__.SPEC", spec)
    monkeypatch.setattr("codegen.__main__.PARTS", (api,))
    assert main(["--check"]) == 2
    assert capsys.readouterr().err.startswith("spec/api/letter.yaml:29: ")
    assert main(["openapi"]) == 2


def test_openapi_is_valid_and_complete(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert document["openapi"] == "3.1.0"
    operations = [
        operation["operationId"] for path in document["paths"].values() for operation in path.values()
    ]
    planned = [operation for each in api.planned(SPEC).resources.values() for operation in each.operations]
    assert len(operations) == len(set(operations)) == len(planned) > 0
    assert set(document["paths"]) == {operation.path for operation in planned}
