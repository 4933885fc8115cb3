"""Webhooks checked and answered with twilio-python, in FastAPI or Flask: `validate`, `asgi` or `wsgi`."""
# pyright: basic

from __future__ import annotations

import sys

from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Gather, VoiceResponse

from bench.subjects import webhook_requests

validator = RequestValidator(webhook_requests.TOKEN)


def answer() -> str:
    response = VoiceResponse()
    gather = Gather(num_digits=1, action="/phone/choose")
    gather.say("Press 1 for the kitchen.")
    response.append(gather)
    return str(response)


match sys.argv[1]:
    case "validate":
        webhook_requests.validate(
            lambda signed: signed,
            lambda signed: validator.validate(webhook_requests.URL, signed.parameters, signed.signature),
        )
    case "asgi":
        from fastapi import FastAPI, Request, Response

        web = FastAPI()

        @web.post("/phone/greet")
        async def greet(request: Request) -> Response:
            form = await request.form()
            signature = request.headers["X-Twilio-Signature"]
            if not validator.validate(str(request.url), dict(form), signature):
                return Response(status_code=403)
            return Response(answer(), media_type="text/xml")

        webhook_requests.asgi(web)
    case _:
        import flask

        site = flask.Flask("bench")

        @site.post("/phone/greet")
        def greet_flask() -> flask.Response:
            request = flask.request
            signature = request.headers["X-Twilio-Signature"]
            if not validator.validate(request.url, request.form.to_dict(), signature):
                return flask.Response(status=403)
            return flask.Response(answer(), mimetype="text/xml")

        webhook_requests.wsgi(site)
