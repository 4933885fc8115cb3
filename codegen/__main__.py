"""`python -m codegen [--check] | openapi`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from codegen import api, twiml, webhooks
from codegen.emit import compare, write
from codegen.problems import SpecError

ROOT = Path(__file__).parent.parent
SPEC = ROOT / "spec"
OUTPUT = ROOT / "src" / "ringback" / "_generated"
PARTS = (api, twiml, webhooks)


def render() -> dict[str, str]:
    """Every generated file: POSIX path below `_generated` -> its whole text."""
    files = {"__init__.py": '"""Written by `python -m codegen`; see `spec/README.md`."""\n'}
    for part in PARTS:
        files.update(part.render(SPEC))
    return files


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m codegen", description="Write ringback's generated code from spec/."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is stale")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("openapi", help="print the REST spec as an OpenAPI 3.1 document")
    options = parser.parse_args(arguments)
    try:
        if options.command == "openapi":
            json.dump(api.openapi_document(SPEC), sys.stdout, indent=2)
            sys.stdout.write("\n")
            return 0
        rendered = render()
    except SpecError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if options.check:
        differences = compare(rendered, OUTPUT)
        sys.stdout.writelines(f"{difference}\n" for difference in differences)
        if differences:
            sys.stderr.write("generated code is stale: run `python -m codegen`\n")
        return 1 if differences else 0
    for difference in write(rendered, OUTPUT):
        sys.stdout.write(f"{difference}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
