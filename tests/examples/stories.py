"""What happens on the phone in each example: people ring it, and hear all that it says.

`test_stories.py` has each happen in one process, with a worker for each webhook, and twice the same.
"""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from examples import (
    appointment_reminders,
    call_back_queue,
    conference_bridge,
    menu,
    number_masking,
    on_call_rota,
    reception,
    survey,
    two_factor,
    voicemail,
    warm_transfer,
)
from ringback import Application
from ringback.emulator import Attachment, Emulator

Story: TypeAlias = Callable[[Emulator, Path], None]

OURS: Final = "+15017122661"
ANNA: Final = "+15558675310"
BEN: Final = "+15558675311"
CARL: Final = "+15558675312"
STORIES: Final[dict[str, Story]] = {}
T = TypeVar("T")


def story(tell: Story) -> Story:
    """Note down a story by its name, which begins with its example's."""
    STORIES[tell.__name__] = tell
    return tell


def application(emulator: Emulator) -> Application:
    return Application(
        public_url="https://example.com/phone",
        auth_token=emulator.auth_token,
        client=emulator.async_client(),
    )


def done(act: Awaitable[T]) -> T:
    """What comes of something that the site behind an example does."""

    async def doing() -> T:
        return await act

    return asyncio.run(doing())


@story
def menu_by_keys_and_words(emulator: Emulator, _folder: Path) -> None:
    app = application(emulator)
    menu.build(app, desk=BEN)
    emulator.install(app, OURS)
    anna = emulator.phone(ANNA).dial(OURS)
    anna.expect_say("Welcome to the Blue Door.")
    anna.expect_say("To talk to somebody, press 0.")
    anna.press("1")
    anna.expect_say("from five to eleven")
    anna.expect_say("For our hours, press 1")
    anna.speak("Could you give me directions, please?")
    anna.expect_say("5 Harbour Street")
    anna.press("0")
    anna.expect_say("One moment")
    ben = emulator.phone(BEN).answer()
    anna.speak("A table for two")
    ben.expect_say("A table for two")
    ben.hangup()
    anna.expect_hangup()


@story
def menu_without_a_word(emulator: Emulator, _folder: Path) -> None:
    """Who says nothing, or nonsense, is put through in the end; and hears it where nobody answers."""
    app = application(emulator)
    menu.build(app, desk=BEN)
    emulator.install(app, OURS)
    emulator.phone(BEN).busy()
    anna = emulator.phone(ANNA).dial(OURS)
    anna.press("7")
    anna.expect_say("Sorry, I did not get that.")
    anna.speak("What?")
    anna.expect_say("Sorry, I did not get that.")
    anna.expect_say("Sorry, I did not get that.")
    anna.expect_say("Everybody is busy. Please call again later.")
    anna.expect_hangup()
    assert anna.ended.status == "completed"


@story
def conference_bridge_with_a_host(emulator: Emulator, _folder: Path) -> None:
    app = application(emulator)
    seats = {
        "4711": conference_bridge.Seat("kitchen"),
        "4712": conference_bridge.Seat("kitchen", host=True),
        "99": conference_bridge.Seat("cellar"),
    }
    conference_bridge.build(app, emulator.async_client(), seats)
    emulator.install(app, OURS)
    stranger = emulator.phone(CARL).dial(OURS)
    for _ in range(3):
        stranger.press("12#")
        stranger.expect_say("That is no PIN of ours.")
    stranger.expect_hangup()
    anna = emulator.phone(ANNA).dial(OURS)
    anna.press("4711#")
    anna.expect_say("You are the first.")
    anna.expect_play()
    ben = emulator.phone(BEN).dial(OURS)
    ben.press("4712#")
    ben.expect_say("One other is here.")
    emulator.advance(2)
    ben.speak("Good morning")
    anna.expect_say("Good morning")
    cook = emulator.phone(CARL).dial(OURS)
    cook.press("99#")
    cook.expect_say("You are the first.")
    late = emulator.phone("+15558675313").dial(OURS)
    late.press("4711#")
    late.expect_say("2 others are here.")
    emulator.advance(2)
    late.speak("Sorry")
    for each in (anna, ben):
        each.expect_say("Sorry")
    late.press("*")
    late.expect_say("You have left the conference.")
    ben.hangup()
    anna.expect_say("You have left the conference. Goodbye.")
    anna.expect_hangup()
    assert cook.state == "talking"
    cook.hangup()


@story
def call_back_queue_on_the_line(emulator: Emulator, folder: Path) -> None:
    app = application(emulator)
    call_back_queue.build(app, agents=[CARL], database=folder / "queue.db")
    emulator.install(app, OURS)
    anna, ben = emulator.phone(ANNA).dial(OURS), emulator.phone(BEN).dial(OURS)
    anna.expect_say("Welcome. All of us are talking.")
    anna.expect_say("You are number 1.")
    ben.expect_say("You are number 2. Press 1 to be called back instead.")
    agent = emulator.phone(CARL).dial(OURS)
    emulator.advance(1)
    anna.speak("My oven is cold")
    agent.expect_say("My oven is cold")
    ben.expect_say("You are number 1.")
    anna.hangup()
    emulator.advance(3)
    agent.speak("Who is next?")
    ben.expect_say("Who is next?")
    ben.hangup()
    agent.hangup()


@story
def call_back_queue_calls_back(emulator: Emulator, folder: Path) -> None:
    app = application(emulator)
    call_back_queue.build(app, agents=[CARL], database=folder / "queue.db")
    emulator.install(app, OURS)
    for number in (ANNA, BEN):
        caller = emulator.phone(number).dial(OURS)
        caller.expect_say("Press 1 to be called back instead.")
        caller.press("1")
        caller.expect_say("We will call you back. Goodbye.")
        caller.expect_hangup()
    emulator.phone(BEN).busy()
    agent = emulator.phone(CARL).dial(OURS)
    agent.expect_say("You are calling somebody back.")
    anna = emulator.phone(ANNA).answer()
    assert anna.other == OURS
    anna.speak("Thanks for calling")
    agent.expect_say("Thanks for calling")
    anna.hangup()
    agent.expect_say("You are calling somebody back.")
    agent.expect_say("They did not answer.")
    agent.hangup()


@story
def on_call_rota_finds_somebody(emulator: Emulator, _folder: Path) -> None:
    """Ben is on call this week, and his mailbox takes the call first: nobody presses a key there."""
    app = application(emulator)
    rota = on_call_rota.turns([ANNA, BEN, CARL], emulator.date.date())
    on_call_rota.build(app, emulator.async_client(), [ANNA, BEN, CARL])
    emulator.install(app, OURS)
    mailbox, engineer = emulator.phone(rota[0]).behave("answer"), emulator.phone(rota[1]).behave("wait")
    caller = emulator.phone("+15558675319").dial(OURS)
    caller.expect_say("Please hold while we find somebody.")
    caller.expect_say("One moment, please.")
    assert [each.what for each in mailbox.calls[0].heard if each.kind == "say"] == [
        "A call to the hotline. Press any key to take it."
    ]
    call = engineer.answer()
    call.expect_say("Press any key to take it.")
    call.press("5")
    emulator.advance(1)
    caller.speak("The site is down")
    call.expect_say("The site is down")
    call.hangup()
    caller.expect_hangup()
    assert emulator.phone(rota[2]).calls == ()


@story
def on_call_rota_takes_a_message(emulator: Emulator, _folder: Path) -> None:
    app = application(emulator)
    people = [ANNA, BEN, CARL]
    for number in people:
        emulator.phone(number).busy()
    on_call_rota.build(app, emulator.async_client(), people)
    emulator.install(app, OURS)
    caller = emulator.phone("+15558675319").dial(OURS)
    caller.expect_say("Leave a message")
    caller.expect_tone("beep")
    caller.speak("The site is down", seconds=3)
    caller.expect_say("Everybody has been told. Goodbye.")
    caller.expect_hangup()
    for number in people:
        emulator.phone(number).expect_text("Missed call of +15558675319")


@story
def warm_transfer_to_the_chef(emulator: Emulator, _folder: Path) -> None:
    app = application(emulator)
    warm_transfer.build(app, emulator.async_client(), number=OURS, waiter=BEN, chef=CARL)
    emulator.install(app, OURS)
    guest = emulator.phone(ANNA).dial(OURS)
    guest.expect_say("One moment")
    waiter = emulator.phone(BEN).answer()
    waiter.expect_say("Press star")
    waiter.press("*")
    waiter.press("1")
    chef = emulator.phone(CARL).answer()
    waiter.expect_say("once the chef takes over")
    waiter.speak("Twelve tonight, can you?")
    chef.expect_say("Twelve tonight")
    waiter.press("*")
    waiter.expect_hangup()
    chef.speak("We have fish")
    guest.expect_say("We have fish")
    chef.hangup()
    guest.expect_say("Thanks for calling. Goodbye.")
    guest.expect_hangup()


class Saved(list[tuple[str, int, str | None]]):
    """What guests said."""

    def save(self, who: str, stars: int, dish: str | None) -> None:
        self.append((who, stars, dish))


@story
def survey_by_voice(emulator: Emulator, _folder: Path) -> None:
    app, saved = application(emulator), Saved()
    ask = survey.build(app, saved.save)
    emulator.install(app, OURS)
    anna = emulator.phone(ANNA, on_call="wait")
    done(ask(emulator.async_client(), ANNA, OURS))
    call = anna.answer()
    call.expect_say("Thanks for dining at the Blue Door!")
    call.press("9")
    call.expect_say("How was it, from 1 to 5 stars?")
    call.press("4")
    call.expect_say("And what did you have?")
    call.speak("The fish")
    call.expect_say("Thank you. See you soon!")
    call.expect_hangup()
    assert saved == [(ANNA, 4, "The fish")]
    assert anna.texts == ()


@story
def survey_by_text(emulator: Emulator, _folder: Path) -> None:
    """Who doesn't pick up is texted."""
    app, saved = application(emulator), Saved()
    ask = survey.build(app, saved.save)
    emulator.install(app, OURS)
    anna = emulator.phone(ANNA, on_call="no-answer")

    done(ask(emulator.async_client(), ANNA, OURS))
    anna.expect_text("Thanks for dining at the Blue Door!")
    anna.expect_text("What is your name?")
    anna.text(OURS, "Anna")
    anna.expect_text("How was it, Anna, in stars from 1 to 5?")
    anna.text(OURS, "great")
    anna.expect_text("in stars from 1 to 5?")
    anna.text(OURS, "7")
    anna.expect_text("That is off our scale: 1 to 5 stars, please.")
    anna.text(OURS, "5")
    anna.expect_text("What did you have?")
    anna.text(OURS, "soup")
    anna.expect_text("Thank you, Anna. See you soon!")
    assert saved == [("Anna", 5, "Soup")]


@story
def appointment_reminders_until_somebody_answers(emulator: Emulator, folder: Path) -> None:
    app = application(emulator)
    book = appointment_reminders.Book(folder / "book.db")
    remind_due = appointment_reminders.build(app, emulator.async_client(), book, ours=OURS)
    emulator.install(app, OURS)
    book.add(ANNA, "tomorrow at nine", emulator.date)
    book.add(BEN, "tomorrow at ten", emulator.date)
    anna, ben = emulator.phone(ANNA), emulator.phone(BEN)
    anna.behave("wait")
    ben.behave("no-answer")
    done(remind_due(emulator.date))
    call = anna.answer()
    call.expect_say("You have an appointment tomorrow at nine.")
    call.expect_say("Press 1 to confirm it, or 2 to cancel it.")
    call.press("1")
    call.expect_say("Thank you. Goodbye.")
    call.expect_hangup()
    done(remind_due(emulator.date))  # nothing is due yet
    for _ in range(3):
        assert not ben.texts
        emulator.advance(30 * 60)
        done(remind_due(emulator.date))
    ben.expect_text("You have an appointment with Doctor Gray tomorrow at ten.")
    assert (len(anna.calls), len(ben.calls)) == (1, 3)
    assert book.answers() == {ANNA: "confirmed", BEN: "texted"}


@story
def number_masking_by_voice_and_text(emulator: Emulator, folder: Path) -> None:
    app = application(emulator)
    emulator.mount(app.public_url, app)
    join = number_masking.build(app, emulator.async_client(), area_code=614, database=folder / "pairs.db")
    ours = done(join(ANNA, BEN))
    assert ours.startswith("+1614")
    anna = emulator.phone(ANNA).dial(ours)
    ben = emulator.phone(BEN).answer()
    assert ben.other == ours
    anna.speak("I am at the door")
    ben.expect_say("I am at the door")
    ben.hangup()
    anna.expect_hangup()
    emulator.phone(BEN).text(ours, "Which floor?", media=[Attachment(b"\x89PNG door", "image/png")])
    text = emulator.phone(ANNA).expect_text("Which floor?")
    assert (text.from_, len(text.media)) == (ours, 1)
    emulator.phone(ANNA).text(ours, "The third")
    assert emulator.phone(BEN).expect_text("The third").from_ == ours
    stranger = emulator.phone(CARL).dial(ours)
    stranger.expect_say("This number is not in use any more.")
    stranger.expect_hangup()
    # Carl may share their number with neither of them, and gets the same one with somebody else.
    other = done(join(ANNA, CARL))
    assert other != ours
    assert done(join(CARL, "+15558675319")) == ours


@story
def two_factor_by_text(emulator: Emulator, _folder: Path) -> None:
    app = application(emulator)
    digits = iter(["012345", "111111", "222222"])
    second = two_factor.TwoFactor(
        app, emulator.async_client(), OURS, make=lambda: next(digits), clock=lambda: emulator.now
    )
    emulator.install(app, OURS)
    anna = emulator.phone(ANNA)
    done(second.send(ANNA))
    anna.expect_text("012345 is your code for the Blue Door.")
    assert not second.check(BEN, "012345")
    assert not second.check(ANNA, "543210")
    assert second.check(ANNA, "012345")
    assert not second.check(ANNA, "012345")
    done(second.send(ANNA))
    anna.expect_text("111111 is your code")
    assert not any(second.check(ANNA, guess) for guess in ("1", "2", "3", "4", "5", "111111"))
    done(second.send(ANNA))
    emulator.advance(601)
    assert not second.check(ANNA, "222222")


@story
def two_factor_by_voice(emulator: Emulator, _folder: Path) -> None:
    """Where no text arrives, the code is read out."""
    emulator.allow_problems(30003)
    app = application(emulator)
    second = two_factor.TwoFactor(
        app, emulator.async_client(), OURS, make=lambda: "012345", clock=lambda: emulator.now
    )
    emulator.install(app, OURS)
    anna = emulator.phone(ANNA).receive("undelivered")
    done(second.send(ANNA))
    call = anna.answer()
    call.expect_say("Your code is 0, 1, 2, 3, 4, 5.")
    call.expect_say("Your code is 0, 1, 2, 3, 4, 5.")
    call.expect_hangup()
    assert second.check(ANNA, "012345")


@story
def reception_at_the_restaurant(emulator: Emulator, _folder: Path) -> None:
    app = application(emulator)
    reception.build(app, emulator.async_client(), OURS)
    emulator.install(app, OURS)
    anna = emulator.phone(ANNA).dial(OURS)
    anna.expect_say("Thanks for calling the Blue Door.")
    anna.press("2")
    anna.expect_say("from five to eleven")
    anna.press("1")
    anna.speak("A table for four", seconds=4)
    anna.expect_say("Got it, 4 seconds. Goodbye.")
    anna.expect_hangup()
    emulator.phone(BEN).text(OURS, "What are your hours?")
    emulator.phone(BEN).expect_text("We are open from five to eleven")


@story
def voicemail_is_kept_and_read(emulator: Emulator, folder: Path) -> None:
    app = application(emulator)
    voicemail.build(app, emulator.async_client(), owner=BEN, folder=folder)
    emulator.install(app, OURS)
    anna = emulator.phone(ANNA).dial(OURS)
    anna.expect_say("Please speak after the beep")
    anna.expect_tone("beep")
    anna.speak("Call me back, please", seconds=3)
    anna.press("*")
    anna.expect_say("Thank you for 3 seconds. Goodbye.")
    anna.expect_hangup()
    text = emulator.phone(BEN).expect_text("Message of +15558675310: Call me back, please")
    emulator.run_until_idle()
    [kept] = folder.iterdir()
    assert text.body.endswith(kept.name)
    with wave.open(str(kept)) as file:
        assert round(file.getnframes() / file.getframerate()) == 3
    carl = emulator.phone(CARL).dial(OURS)
    carl.expect_say("I heard nothing. Goodbye.")
    carl.expect_hangup()
    dora = emulator.phone("+15558675313").dial(OURS)
    dora.speak("It's me", seconds=2)
    dora.hangup()
    emulator.phone(BEN).expect_text("Message of +15558675313: It's me")
    emulator.run_until_idle()
    assert len([*folder.iterdir()]) == 2
