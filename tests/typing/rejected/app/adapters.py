"""Mistakes with adapters that both type checkers find."""

from __future__ import annotations

from fastapi import FastAPI
from flask import Flask

from ringback.adapters.asgi import ASGIAdapter, ASGIMiddleware
from ringback.adapters.wsgi import WSGIMiddleware
from ringback.app import Application

app = Application(public_url="https://example.com/phone")
web = FastAPI()
ASGIAdapter(web)  # rejected
ASGIMiddleware(web, web)  # rejected
ASGIMiddleware(app, app)  # rejected
WSGIMiddleware(app, Flask("site").wsgi_app, web)  # rejected
