"""Planned verbs into the text of one module, through its template."""

from __future__ import annotations

from typing import cast

from codegen.api.render import docstring, item_docs, wrapped
from codegen.emit import BANNER, format_source, templates
from codegen.flows.plan import FlowPlan, VerbPlan
from codegen.twiml.records import Attribute, Document
from codegen.twiml.render import annotation, imported


def render_module(plan: FlowPlan, document: Document) -> str:
    """The text of `_generated/flows.py`."""
    environment = templates()
    cast("dict[str, object]", environment.filters)["docstring"] = docstring
    events, types = imported(document)
    text = environment.get_template("flows.py.jinja").render(
        verbs=plan.verbs,
        classes=sorted(element.type for element in document.elements if not element.root),
        elements=plan.elements,
        awaited=sorted(
            {each.around.type if each.around else each.element.type for each in plan.verbs if each.events}
        ),
        late=plan.late,
        results=sorted({event for verb in plan.verbs for event in verb.events}),
        events=events,
        types=types,
        given=sorted({verb.spec.gives for verb in plan.verbs if verb.spec.gives}),
        signature=signature,
        made=made,
        verb_docs=verb_docs,
    )
    return format_source(BANNER + text, "src/ringback/_generated/flows.py")


def signature(verb: VerbPlan, given_type: str | None = None) -> str:
    """The parameters, `self` with them."""
    parameters = ["self"]
    if verb.given:
        default = f" = {verb.given_default}" if verb.given_default else ""
        parameters.append(f"{verb.given}: {given_type or verb.given_type}{default}")
    if not verb.given.startswith("*"):
        parameters += ["/", "*"] if verb.given else ["*"]
    parameters += [_parameter(each) for each in (*verb.attributes, *verb.around_attributes)]
    return ", ".join([*parameters, "extra_attributes: Mapping[str, str] | None = None"])


def _parameter(attribute: Attribute) -> str:
    kind = annotation(attribute.kind, attribute.events)
    return f"{attribute.name}: {kind}" if attribute.required else f"{attribute.name}: {kind} | None = None"


def made(verb: VerbPlan, event: str | None) -> str:
    """The element, as source, that tells its result as `event`."""
    attributes = [f"{each.name}={each.name}" for each in verb.attributes]
    action = [] if event is None else [f"action=self._url(webhooks.{event})"]
    extra = ["extra_attributes=extra_attributes"]
    if verb.around is None:
        given = [verb.given] if verb.given else []
        return f"{verb.element.type}({', '.join([*given, *action, *attributes, *extra])})"
    inner = f"{verb.element.type}({', '.join(['name', *attributes, *extra])})"
    around = [f"{each.name}={each.name}" for each in verb.around_attributes]
    return f"{verb.around.type}({', '.join([inner, *action, *around])})"


def verb_docs(verb: VerbPlan) -> str:
    """The docstring of a verb."""
    spec = verb.spec
    lines = [spec.doc, ""]
    if verb.element.link:
        lines += [f"See {verb.element.link}", ""]
    arguments: list[str] = []
    for name, doc in spec.takes.items():
        arguments += item_docs(name, doc)
    for attribute in verb.attributes:
        arguments += item_docs(attribute.name, f"{attribute.doc}{' Required.' if attribute.required else ''}")
    for attribute in verb.around_attributes:
        assert verb.around is not None  # noqa: S101  (told to the type checker)
        arguments += item_docs(attribute.name, f"{attribute.doc} (Of `{verb.around.type}`.)")
    arguments += item_docs(
        "extra_attributes", "Attributes that the schema doesn't know, by their names in XML."
    )
    lines += ["Args:", *arguments, ""]
    if spec.returns:
        unless = f" None where {spec.none}." if spec.none else ""
        lines += ["Returns:", *wrapped(f"{spec.returns}.{unless}", 4, hanging=0), ""]
    lines.append("Raises:")
    for text in _raises(verb):
        lines += wrapped(text, 4)
    return "\n".join(lines)


def _raises(verb: VerbPlan) -> list[str]:
    reasons = ["`redirect`, `reject` or `hangup` came before"]
    raised: list[str] = []
    if verb.events:
        raised.append(f"CallHungUp: The call ended{' and Twilio told no result' if verb.spec.late else ''}.")
        reasons.append("another await is under way")
        if not verb.spec.none:
            reasons.append("Twilio went on without telling the result")
    if verb.spec.raises:
        reasons.append(verb.spec.raises)
    return [
        *raised,
        f"FlowError: {'; or '.join(reasons)}.",
        "TwimlError: An argument isn't what the schema allows.",
    ]
