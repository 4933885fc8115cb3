"""Mistakes that type checkers find before anything is sent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ringback import AsyncClient, Client, rest
from ringback.rest import Call, Message, Recording, segments

rest.Nonsense  # rejected


def missing(client: Client) -> None:
    client.messages.create(from_="+2", body="Hello")  # rejected
    client.messages.create(to="+1", body="Hello")  # rejected
    client.messages.create(to="+1", from_="+2")  # rejected
    client.calls.create(to="+1", from_="+2")  # rejected
    client.incoming_phone_numbers.create()  # rejected
    client.messages("SM").feedback.create(outcome=None)
    client.messages("SM").update()


def misspelt(client: Client) -> None:
    client.messages.create(to="+1", from_="+2", text="Hello")  # rejected
    client.calls.list(stauts="completed")  # rejected
    client.call.list()  # rejected
    client.calls("CA").recording.list()  # rejected
    client.calls.fetch()  # rejected
    client.calls("CA").list()  # rejected
    client.balance.list()  # rejected


def of_another_type(client: Client) -> None:
    client.messages.create(to="+1", from_="+2", body=1)  # rejected
    client.messages.create("+1", from_="+2", body="Hello")  # rejected
    client.messages.create(to="+1", from_="+2", media_url=[1])  # rejected
    client.calls.create(to="+1", from_="+2", url="https://a.b", timeout="20")  # rejected
    client.calls.create(to="+1", from_="+2", url="https://a.b", record="yes")  # rejected
    client.calls.create(to="+1", from_="+2", url="https://a.b", method="PUT")  # rejected
    client.calls.create(to="+1", from_="+2", url="https://a.b", status_callback_event=["ended"])  # rejected
    client.calls.list(status="finished")  # rejected
    client.calls.list(start_time_after="2026-11-01")  # rejected
    client.calls.list(limit="10")  # rejected
    client.calls.list(options={"timeout": 5})  # rejected
    client.calls(7)  # rejected


def of_another_kind(client: Client, call: Call, message: Message, recording: Recording) -> None:
    client.calls(message.sid).fetch()  # rejected
    client.messages(call.sid).fetch()  # rejected
    client.recordings(call.sid).delete()  # rejected
    client.accounts(message.account_sid).calls(recording.sid).fetch()  # rejected
    client.calls(call.sid).recordings(recording.sid).fetch()


def records_do_not_change(call: Call) -> None:
    call.status = "completed"  # rejected
    call.duration + 1  # rejected
    call.colour  # rejected


def conveniences(client: Client, path: Path, call: Call) -> None:
    client.account.shut()  # rejected
    client.calls("CA").close()  # rejected
    client.recordings("RE").download()  # rejected
    client.recordings("RE").download(path, wait="30")  # rejected
    client.download(path, path)  # rejected
    client.download(call, path)  # rejected
    client.download("https://a.b/c", path, format="ogg")  # rejected
    client.recordings("RE").download(path, format="ogg")  # rejected
    client.recordings("RE").download(path, channels=3)  # rejected
    client.recordings("RE").download(path, progress=path)  # rejected
    client.recordings("RE").download(7)  # rejected
    client.messages("MM").media("ME").download(path, format="mp3")  # rejected
    client.incoming_phone_numbers.buy(call)  # rejected
    client.incoming_phone_numbers.buy("+15550100", sms="https://a.b")  # rejected
    segments(7)  # rejected
    segments("Hello").parts.append("x")  # rejected


async def not_awaited(client: AsyncClient) -> None:
    client.messages.create(to="+1", from_="+2", body="Hello").sid  # rejected
    print(*client.calls.list())  # rejected
    (await client.calls.list(limit=date(2026, 1, 1)).first())  # rejected
