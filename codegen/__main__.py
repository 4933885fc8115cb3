"""`python -m codegen [--check] | openapi | drift FILE [--json]`.

Exit status: 0 all is well, 1 something differs, 2 something can't be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from codegen import api, app, emulation, error_codes, flows, runtime, twiml, webhooks
from codegen.api import drift
from codegen.emit import compare, write
from codegen.problems import SpecError

ROOT = Path(__file__).parent.parent
SPEC = ROOT / "spec"
OUTPUT = ROOT / "src" / "ringback" / "_generated"
PARTS = (api, twiml, webhooks, app, flows, error_codes, emulation, runtime)


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
    drifting = commands.add_parser(
        "drift", help="compare the REST spec with Twilio's OpenAPI document; exit 1 where they differ"
    )
    drifting.add_argument("file", type=Path, help="twilio_api_v2010.json of github.com/twilio/twilio-oai")
    drifting.add_argument("--json", action="store_true", help="print a list of objects instead of a table")
    options = parser.parse_args(arguments)
    try:
        if options.command == "openapi":
            json.dump(api.openapi_document(SPEC), sys.stdout, indent=2)
            sys.stdout.write("\n")
            return 0
        if options.command == "drift":
            theirs = drift.read_file(options.file)
            differences = drift.compare(drift.read_document(api.openapi_document(SPEC)), theirs)
            show = drift.as_json if options.json else drift.table
            # Their document may hold half a character, which no terminal could be sent.
            text = show(differences).encode(errors="backslashreplace").decode()
            sys.stdout.write(f"{text}\n")
            return 1 if differences else 0
        rendered = render()
    except (SpecError, drift.DocumentError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if options.check:
        stale = compare(rendered, OUTPUT)
        sys.stdout.writelines(f"{difference}\n" for difference in stale)
        if stale:
            sys.stderr.write("generated code is stale: run `python -m codegen`\n")
        return 1 if stale else 0
    for difference in write(rendered, OUTPUT):
        sys.stdout.write(f"{difference}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
