"""One worker process: answers one text to the survey, prints the answer, and kills itself.

python -m tests.app.texts_worker FOLDER BODY
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from examples import survey
from ringback import Application
from ringback.stores import SQLiteStore
from tests.app.conversing import text
from tests.app.twilio import TOKEN


async def main(folder: Path, body: str) -> None:
    """Answer, and die."""
    store = SQLiteStore(folder / "survey.db")
    app = Application(public_url="https://example.com/texts", auth_token=TOKEN, store=store)

    def save(name: str, stars: int, dish: str | None) -> None:
        with (folder / "saved").open("a") as file:
            file.write(f"{name} {stars} {dish}\n")

    survey.build(app, save)
    sid = f"SM{abs(hash(body)):032x}"[:34]
    sys.stdout.write(repr(await text(app, body, sid=sid)))
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
