"""Adapters fit where frameworks take middleware and applications."""

from __future__ import annotations

from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.middleware import Middleware

from ringback.adapters.asgi import ASGIAdapter, ASGIMiddleware
from ringback.adapters.wsgi import WSGIMiddleware
from ringback.app import Application, Switchboard

app = Application(public_url="https://example.com/phone")
web = FastAPI()
web.add_middleware(ASGIMiddleware, application=app)
web.mount("/phone", ASGIAdapter(app))
ASGIMiddleware(app, web)
ASGIMiddleware(web, app)
ASGIMiddleware(app=web, application=Switchboard(app))
Starlette(middleware=[Middleware(ASGIMiddleware, application=Switchboard(app))])

site = Flask("site")
site.wsgi_app = WSGIMiddleware(app, site.wsgi_app)  # type: ignore[method-assign]  # mypy takes no assignment to a method
