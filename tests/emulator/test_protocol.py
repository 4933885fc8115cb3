"""What HTTP asks of the API: paths, methods, content types, products that are none of ours."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import cast
from urllib.parse import quote

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator, serving
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.products import check_host, check_path
from ringback.emulator.rest.protocol import allow, check_form, normal_path, path_text
from ringback.http import Headers, Response
from tests.emulator.conftest import ANNA, OURS

HOME = f"/2010-04-01/Accounts/{ACCOUNT_SID}"
LOGIN = urllib3.make_headers(basic_auth=f"{ACCOUNT_SID}:{AUTH_TOKEN}")
FORM = "application/x-www-form-urlencoded"


class TestPaths:
    @pytest.mark.parametrize(
        ("sent", "normal"),
        [
            ("/Calls.json", "/Calls.json"),
            ("/Calls%2Ejson", "/Calls.json"),
            ("/a%2fb", "/a%2Fb"),
            ("/a b", "/a%20b"),
            ("/ä", "/%C3%A4"),
            (b"/\xe4", "/%E4"),
            ("/100%", "/100%25"),
            ("/%zz", "/%25zz"),
            ("/+1%2B1:@", "/+1%2B1:@"),
            ("*", "*"),
        ],
    )
    def test_the_one_spelling(self, sent: bytes | str, normal: str) -> None:
        assert normal_path(sent) == normal

    @given(st.binary())
    def test_it_is_its_own(self, sent: bytes) -> None:
        assert normal_path(normal_path(sent)) == normal_path(sent)

    @given(st.text())
    def test_what_is_said_is_kept(self, text: str) -> None:
        sent = quote(text, safe="", errors="surrogatepass")
        if text.encode("utf-8", "replace").decode() == text:
            assert path_text(normal_path(sent)) == text
        assert "/" not in normal_path(sent)

    def test_what_is_no_utf8_names_nothing(self) -> None:
        assert path_text("%E4") == "\ufffd"


class TestProducts:
    @pytest.mark.parametrize(
        ("host", "named"),
        [
            ("verify.twilio.com", "verify.twilio.com is of Verify:"),
            ("Conversations.Twilio.com:443", "conversations.twilio.com is of Conversations:"),
            ("taskrouter.dublin.ie1.twilio.com", "taskrouter.dublin.ie1.twilio.com is of TaskRouter:"),
        ],
    )
    def test_by_host(self, host: str, named: str) -> None:
        with pytest.raises(Refused, match=named) as refused:
            check_host(host)
        assert (refused.value.status, refused.value.code) == (501, 20501)

    @pytest.mark.parametrize(
        "host",
        ["", "api.twilio.com", "localhost:4010", "verify.example.com", "verify.twilio.com.example.com"],
    )
    def test_hosts_that_are_no_product_s(self, host: str) -> None:
        check_host(host)

    @pytest.mark.parametrize(
        ("path", "named"),
        [
            ("/v1/Workspaces/WS1/Tasks", "/v1/Workspaces is of TaskRouter:"),
            ("/v2/Services/VA1/Verifications", "/v2/Services is of Verify:"),
            ("/v2/Services", "/v2/Services is of Verify:"),
            ("/v1/Services/MG1/PhoneNumbers", "/v1/Services is of Messaging Services:"),
            ("/v1/Services/IS1", "is of Conversations, Programmable Chat, Sync or Notify:"),
            ("/v1/Services", "is of Messaging Services, Verify, Sync or another"),
            ("/v3/Dreams", "/v3/Dreams is of another product than"),
            ("/v1", "/v1/ is of another product than"),
        ],
    )
    def test_by_path(self, path: str, named: str) -> None:
        with pytest.raises(Refused, match=named) as refused:
            check_path(path)
        assert (refused.value.status, refused.value.code) == (501, 20501)

    @pytest.mark.parametrize("path", ["", "/", HOME, "/video", "/vx/Services", f"{HOME}/v1/Services", "*"])
    def test_paths_that_are_no_product_s(self, path: str) -> None:
        check_path(path)

    @pytest.mark.parametrize("place", ["/Calls/\ud800", "/Calls?To=\ud800", "/\ud800"])
    def test_half_of_a_surrogate_pair(self, emulator: Emulator, place: str) -> None:
        answer = emulator.answer("GET", f"{HOME}{place}", Headers(LOGIN), b"")
        assert (answer.status, b"surrogates" in answer.body) == (400, True)

    def test_nobody_has_to_be_known_for_that(self, emulator: Emulator) -> None:
        answer = emulator.answer("POST", "/v1/Conversations", Headers(), b"{}")
        assert (answer.status, "Conversations" in str(error(answer))) == (501, True)


class TestForms:
    @pytest.mark.parametrize("kind", [None, FORM, f"{FORM}; charset=UTF-8", FORM.upper()])
    @pytest.mark.parametrize("body", [b"", b"To=%2B1", b"x"])
    def test_forms(self, kind: str | None, body: bytes) -> None:
        check_form(Headers({} if kind is None else {"content-type": kind}), body)

    @pytest.mark.parametrize(
        ("kind", "body", "told"),
        [
            ("application/json", b'{"To": "+1"}', "The body's Content-Type is 'application/json'"),
            ("multipart/form-data; boundary=x", b"--x", "is 'multipart/form-data; boundary=x'"),
            ("text/plain;charset=UTF-8", b"To=1", "is 'text/plain;charset=UTF-8'"),
            (FORM, b' {"To": "+1"}', "The body is application/json"),
        ],
    )
    def test_what_is_none(self, kind: str, body: bytes, told: str) -> None:
        with pytest.raises(Refused) as refused:
            check_form(Headers({"Content-Type": kind}), body)
        assert told in refused.value.message
        assert refused.value.message.endswith(f"expected {FORM}")
        assert (refused.value.status, refused.value.code) == (400, 20001)

    def test_json_is_told_by_the_api(self, emulator: Emulator) -> None:
        headers = Headers({**LOGIN, "Content-Type": "application/json"})
        answer = emulator.answer("POST", f"{HOME}/Messages.json", headers, b'{"To": "+15558675310"}')
        assert answer.status == 400
        assert "application/json" in str(error(answer)["message"])
        # What is read has no body, whatever it is said to be.
        assert emulator.answer("GET", f"{HOME}/Messages.json", headers, b"").status == 200


class TestMethods:
    def test_those_of_a_resource(self) -> None:
        assert allow(["POST", "GET"]) == "GET, HEAD, POST, OPTIONS"
        assert allow(["POST"]) == "POST, OPTIONS"
        assert allow(["DELETE", "GET", "POST"]) == "GET, HEAD, POST, DELETE, OPTIONS"

    @pytest.mark.parametrize(
        ("path", "allowed"),
        [
            ("/Calls.json", "GET, HEAD, POST, OPTIONS"),
            (f"/Calls/CA{'0' * 32}.json", "GET, HEAD, POST, DELETE, OPTIONS"),
            ("/Tokens.json", "POST, OPTIONS"),
        ],
    )
    def test_they_are_told(self, emulator: Emulator, path: str, allowed: str) -> None:
        options = emulator.answer("OPTIONS", HOME + path, Headers(LOGIN), b"")
        assert (options.status, options.headers["Allow"], options.body) == (200, allowed, b"")
        wrong = emulator.answer("PATCH", HOME + path, Headers(LOGIN), b"")
        assert (wrong.status, wrong.headers["Allow"], error(wrong)["code"]) == (405, allowed, 20004)

    @pytest.mark.parametrize(
        ("path", "headers", "status"), [("/Nothing.json", LOGIN, 404), ("/Calls.json", {}, 401)]
    )
    def test_of_nothing_and_to_nobody(
        self, emulator: Emulator, path: str, headers: dict[str, str], status: int
    ) -> None:
        assert emulator.answer("OPTIONS", HOME + path, Headers(headers), b"").status == status


class TestOverHttp:
    @pytest.fixture
    def url(self) -> Generator[str]:
        with Emulator() as emulator:
            emulator.number(OURS)
            with serving(emulator) as url:
                yield url

    @pytest.fixture
    def pool(self) -> Generator[urllib3.PoolManager]:
        with urllib3.PoolManager(headers=LOGIN, retries=False) as pool:
            yield pool

    @pytest.mark.parametrize("path", [f"{HOME}/Calls.json", f"{HOME}/No.json", "/_emulator/", "/v1/Sinks"])
    def test_head(self, url: str, pool: urllib3.PoolManager, path: str) -> None:
        whole, head = pool.request("GET", url + path), pool.request("HEAD", url + path)
        assert (head.status, head.data) == (whole.status, b"")
        # Ids and the like differ, and are as long.
        assert head.headers["Content-Length"] == whole.headers["Content-Length"] == str(len(whole.data))
        assert head.headers["Content-Type"] == whole.headers["Content-Type"]

    @pytest.mark.parametrize("path", ["/_emulator/", "/_emulator/clock"])
    def test_options(self, url: str, pool: urllib3.PoolManager, path: str) -> None:
        answer = pool.request("OPTIONS", url + path)
        assert (answer.status, answer.headers["Allow"]) == (200, "GET, HEAD, POST, OPTIONS")

    def test_a_host_of_another_product(self, url: str, pool: urllib3.PoolManager) -> None:
        answer = pool.request("GET", f"{url}/v2/Services", headers={"Host": "verify.twilio.com"})
        assert (answer.status, answer.json()["code"]) == (501, 20501)
        assert "verify.twilio.com is of Verify" in answer.json()["message"]

    @pytest.mark.parametrize("path", [f"{HOME}/Messages.json", "/_emulator/clock"])
    def test_a_body_that_is_too_long(self, url: str, pool: urllib3.PoolManager, path: str) -> None:
        answer = pool.request(
            "POST", url + path, body=b"a" * 1_000_001, headers={"Content-Type": FORM} | LOGIN
        )
        assert (answer.status, answer.json()["code"]) == (413, 20413)
        assert "1000000 bytes" in answer.json()["message"]

    def test_a_path_in_another_spelling(self, url: str, pool: urllib3.PoolManager) -> None:
        spelled = f"{HOME}/Calls.json".replace(".", "%2e").replace("C", "%43")
        connection = pool.connection_from_url(url)
        assert connection.urlopen("GET", spelled, headers=LOGIN).status == 200
        # An encoded slash is none between parts.
        assert connection.urlopen("GET", f"{HOME}%2FCalls.json", headers=LOGIN).status == 404

    def test_a_name_in_a_path(self, url: str, pool: urllib3.PoolManager) -> None:
        name = "client:100%25 à la carte/+1"
        answer = pool.request("GET", f"{url}/_emulator/phones/{quote(name, safe='')}")
        assert answer.json()["number"] == name

    def test_json_is_told_by_the_control_api(self, url: str, pool: urllib3.PoolManager) -> None:
        answer = pool.request("POST", f"{url}/_emulator/phones/{quote(ANNA)}/dial", json={"to": OURS})
        assert (answer.status, answer.json()["code"]) == (400, 20001)
        assert "'application/json'" in answer.json()["message"]


def error(answer: Response) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(answer.body))
