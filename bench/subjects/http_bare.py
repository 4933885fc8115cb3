"""The floor of a create over HTTP: urllib3 alone, and `json.loads`."""

from __future__ import annotations

import json
import sys
from urllib.parse import urlencode

import urllib3

from bench.subjects import timing

_pool = urllib3.PoolManager()
_url = f"{sys.argv[1]}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
_headers = urllib3.make_headers(basic_auth=f"AC{'0' * 32}:token")
_headers["Content-Type"] = "application/x-www-form-urlencoded"


def _create() -> object:
    form = urlencode({"To": "+15558675310", "From": "+15017122661", "Body": "Your table is ready."})
    return json.loads(_pool.request("POST", _url, body=form, headers=_headers).data)


timing.repeated(_create, 1000)
