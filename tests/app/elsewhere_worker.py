"""One worker process: serves an application on a port of its own, which it prints.

python -m tests.app.elsewhere_worker KIND URL PREFIX
"""

from __future__ import annotations

import sys
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from ringback.adapters.wsgi import WSGIAdapter
from ringback.app import Application
from ringback.stores import RunStore
from ringback.twiml import Say, VoiceResponse
from ringback.webhooks import OutgoingCall
from tests.app.twilio import TOKEN
from tests.stores.places import Place

PUBLIC_URL = "https://example.com/phone"


def application(store: RunStore) -> Application:
    """What all workers serve."""
    app = Application(public_url=PUBLIC_URL, auth_token=TOKEN, store=store)

    @app.on(OutgoingCall)
    def remind(call: OutgoingCall) -> VoiceResponse:
        return VoiceResponse(Say("Your table is ready."))

    return app


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until standard input ends."""
    place = Place(*sys.argv[1:])
    app = application(place.view())
    server = make_server("127.0.0.1", 0, WSGIAdapter(app), _Server, _Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    app.close()


if __name__ == "__main__":
    main()
