"""The documents, by hand: f-strings that escape what is put into them."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from bench.subjects.twiml_task import measure


class Small:
    """What a program would know before it writes the small document."""

    question = "Press 1 for sales & more."
    voice = "Polly.Joanna"
    action = "/menu?a=1&b=2"
    sorry = "We heard nothing."
    again = "/again"

    def __str__(self) -> str:
        return (
            '<?xml version="1.0" encoding="UTF-8"?><Response>'
            f'<Gather numDigits="{1}" action={quoteattr(self.action)}>'
            f"<Say voice={quoteattr(self.voice)}>{escape(self.question)}</Say></Gather>"
            f"<Say>{escape(self.sorry)}</Say><Redirect>{escape(self.again)}</Redirect><Hangup/></Response>"
        )


def large(elements: int) -> str:
    parts = ['<?xml version="1.0" encoding="UTF-8"?><Response>']
    for number in range(elements // 8):
        action, question = f"/menu/{number}", f"Press {number} for sales & more."
        music, caller, callee = "https://example.com/music.mp3", "+15017122661", "+15558675310"
        parts.append(
            f'<Gather numDigits="{1}" action={quoteattr(action)} timeout="{5}">'
            f"<Say voice={quoteattr('Polly.Joanna')}>{escape(question)}</Say></Gather>"
            f"<Say language={quoteattr('en-GB')}>{escape('One moment, please.')}</Say>"
            f'<Pause length="{2}"/><Play loop="{2}">{escape(music)}</Play>'
            f"<Say>{escape(f'Connecting you to number {number}.')}</Say>"
            f'<Dial callerId={quoteattr(caller)} timeout="{20}"><Number>{escape(callee)}</Number></Dial>'
        )
    parts.append("</Response>")
    return "".join(parts)


if __name__ == "__main__":
    measure(Small, large)
