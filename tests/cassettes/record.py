"""`make cassettes`: record every scenario again.

From the emulator by default. With `LIVE=1`, those marked live come from the service itself, with the account
of `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN`, the sender `TWILIO_FROM` (a number of that account) and the
recipient `TWILIO_TO`; the others are left as they are.
"""

from __future__ import annotations

import os
import shutil
import sys
import time

from ringback import Client
from ringback.emulator import Emulator, Speak
from ringback.emulator.server import serving
from tests.cassettes import tape
from tests.cassettes.registry import OURS, THEIRS, WRONG_TOKEN, Scenario
from tests.cassettes.scenarios import SCENARIOS


def main() -> int:
    """Record; returns the exit status."""
    live = os.environ.get("LIVE") == "1"
    for scenario in SCENARIOS:
        if live and not scenario.live:
            print(f"left      {scenario.module}/{scenario.name} (emulator only)")
            continue
        path = tape.path_of(scenario)
        if path.exists():
            path.unlink()
        (_from_service if live else _from_emulator)(scenario)
        print(f"recorded  {scenario.module}/{scenario.name}")
    wanted = {tape.path_of(scenario) for scenario in SCENARIOS}
    for stale in sorted(set(tape.FOLDER.glob("*/*.yaml")) - wanted):
        stale.unlink()
        print(f"removed   {stale.parent.name}/{stale.stem}")
    for folder in tape.FOLDER.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            shutil.rmtree(folder)
    return 0


def _from_emulator(scenario: Scenario) -> None:
    # Every scenario has a network of its own: what one leaves behind is not in the way of the next.
    with Emulator(account_sid=tape.ACCOUNT_SID, seed=scenario.name) as emulator:
        emulator.number(OURS)
        # What Twilio's console alone can make.
        emulator.number("894546")
        emulator.connect_app("Billing")
        emulator.phone(THEIRS, script=lambda _line: [Speak("A table for two, please", 3)])
        with serving(emulator) as url:
            token = WRONG_TOKEN if scenario.wrong_token else emulator.auth_token
            scrub = tape.scrubber({url: tape.HOST, emulator.auth_token: tape.AUTH_TOKEN})
            with (
                tape.open_tape(scenario, "all", scrub),
                Client(tape.ACCOUNT_SID, token, base_url=url) as client,
            ):
                scenario.act(client, emulator.advance)


def _from_service(scenario: Scenario) -> None:
    account_sid, auth_token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
    sender, recipient = os.environ["TWILIO_FROM"], os.environ["TWILIO_TO"]
    scrub = tape.scrubber(
        {account_sid: tape.ACCOUNT_SID, auth_token: tape.AUTH_TOKEN, sender: OURS, recipient: THEIRS}
    )
    token = WRONG_TOKEN if scenario.wrong_token else auth_token
    with tape.open_tape(scenario, "all", scrub), Client(account_sid, token) as client:
        scenario.act(client, time.sleep)


if __name__ == "__main__":
    sys.exit(main())
