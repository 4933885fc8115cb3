"""Verbs with their elements: what is given, what is the flow's own business, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from codegen.flows.load import Spec, Verb
from codegen.problems import Problem, SpecError
from codegen.source import Source, Steps
from codegen.twiml.records import Attribute, Document, Element
from codegen.twiml.render import annotation, child_types
from codegen.webhooks.records import Spec as Webhooks

# What says where a result goes.
_LEADING = ("action", "method")


@frozen
class Outcome:
    """What an await brings where one of some children was given."""

    children: tuple[str, ...]
    event: str


@frozen
class VerbPlan:
    """A verb, complete.

    Attributes:
        element: Its element.
        given: What is given by position, e.g. `*prompts` or `url`, or "" where nothing is.
        given_type: Its annotation.
        given_default: What it is where it is left out, as source, or "" where it is needed.
        attributes: What is given by name.
        around: The verb that the element stands in, where it is a noun.
        around_attributes: What is given by name of that.
        outcomes: What comes of which children, where that differs; the last one is for all others.
        hears: Name of an attribute -> the name of the one that has to be true, and the event.
    """

    name: str
    spec: Verb
    element: Element
    given: str
    given_type: str
    given_default: str
    attributes: tuple[Attribute, ...]
    around: Element | None
    around_attributes: tuple[Attribute, ...]
    outcomes: tuple[Outcome, ...]
    hears: dict[str, tuple[str, str]]

    @property
    def events(self) -> tuple[str, ...]:
        """Every event that the await may bring."""
        return tuple(outcome.event for outcome in self.outcomes)

    @property
    def returns(self) -> str:
        """The annotation of what the await brings, whatever was given."""
        kinds = " | ".join(self.events) if self.spec.gives is None else self.spec.gives
        return f"{kinds} | None" if self.spec.none else kinds


@frozen
class FlowPlan:
    """All verbs.

    Attributes:
        elements: Every element that may stand in a document.
        late: Events that are told of calls that were hung up, too.
    """

    verbs: tuple[VerbPlan, ...]
    elements: tuple[str, ...]
    late: tuple[str, ...]


def plan(spec: Spec, source: Source, document: Document, webhooks: Webhooks) -> FlowPlan:
    """Join the verbs to their elements.

    Raises:
        SpecError: They name what isn't there.
    """
    elements = {element.type: element for element in document.elements}
    root = next(element for element in document.elements if element.root)
    allowed = tuple(child.type for child in document.children_of(root))
    problems: list[Problem] = []
    for name, verb in spec.verbs.items():
        problems += _problems(name, verb, source, document, elements, allowed, webhooks)
    if problems:
        raise SpecError(problems)
    verbs = tuple(_verb(name, verb, document, elements) for name, verb in spec.verbs.items())
    late = {event for verb in verbs if verb.spec.late for event in verb.events}
    return FlowPlan(verbs, allowed, tuple(sorted(late)))


def _problems(
    name: str,
    verb: Verb,
    source: Source,
    document: Document,
    elements: dict[str, Element],
    allowed: tuple[str, ...],
    webhooks: Webhooks,
) -> Iterator[Problem]:
    path: Steps = ("verbs", name)
    outer = next(iter(verb.inside), verb.element)
    if outer not in allowed:
        where = (*path, "inside") if verb.inside else (*path, "element")
        yield source.problem(where, f"{outer!r} is no verb of twiml/voice.xsd")
        return
    if verb.element not in elements:
        yield source.problem((*path, "element"), f"{verb.element!r} is no element of twiml/voice.xsd")
        return
    element = elements[verb.element]
    children = {child.type for child in document.children_of(element)}
    wires = [((*path, "ours", index), element, wire) for index, wire in enumerate(verb.ours)]
    wires += [((*path, "hears", wire), element, wire) for pair in verb.hears.items() for wire in pair]
    for around, kept in verb.inside.items():
        wires += [
            ((*path, "inside", around, index), elements[around], wire) for index, wire in enumerate(kept)
        ]
    for steps, owner, wire in wires:
        if wire not in {attribute.wire for attribute in owner.attributes}:
            yield source.problem(steps, f"{owner.type} has no attribute {wire!r}")
    for child, event in verb.results.items():
        if child not in children:
            yield source.problem((*path, "results", child), f"{child} can't stand in {verb.element}")
        if event not in webhooks.events():
            yield source.problem((*path, "results", child), f"unknown event {event!r}")
    if verb.result is not None and verb.result not in webhooks.events():
        yield source.problem((*path, "result"), f"unknown event {verb.result!r}")
    if len(verb.takes) > 1:
        yield source.problem((*path, "takes"), "one thing at most is given by position")
    if verb.takes and element.text is None and not children:
        yield source.problem((*path, "takes"), f"nothing stands in {verb.element}")
    for key, given in (("none", verb.none), ("late", verb.late), ("returns", verb.returns)):
        if given and verb.result is None:
            yield source.problem((*path, key), "there is no result")


def _verb(name: str, verb: Verb, document: Document, elements: dict[str, Element]) -> VerbPlan:
    element = elements[verb.element]
    around = elements[next(iter(verb.inside))] if verb.inside else None
    kept = next(iter(verb.inside.values()), ())
    ours = {*verb.ours, *(_LEADING if verb.result is not None and around is None else ())}
    given, given_type, default = _given(verb, element, document)
    if around is not None:
        given_type, default = f"{given_type} | None", "None"
    named = {attribute.wire: attribute for attribute in element.attributes}
    special = [Outcome((child,), event) for child, event in verb.results.items()]
    others = tuple(
        child
        for child in (*(each.type for each in document.children_of(element)), "Raw")
        if child not in verb.results
    )
    return VerbPlan(
        name=name,
        spec=verb,
        element=element,
        given=given,
        given_type=given_type,
        given_default=default,
        attributes=tuple(each for each in element.attributes if each.wire not in ours),
        around=around,
        around_attributes=tuple(each for each in around.attributes if each.wire in kept) if around else (),
        outcomes=(*special, Outcome(others, verb.result)) if verb.result is not None else (),
        hears={
            named[wire].name: (named[switch].name, named[wire].events[0])
            for wire, switch in verb.hears.items()
        },
    )


def _given(verb: Verb, element: Element, document: Document) -> tuple[str, str, str]:
    """What is given by position: its name, with the asterisk of several, its annotation, its default."""
    name = next(iter(verb.takes), "children" if element.text is None else element.text_name)
    if element.text is not None:
        optional = bool(getattr(element.text, "optional", False)) and not verb.needed
        return name, annotation(element.text, element.text_events), '""' if optional else ""
    if not document.children_of(element):
        return "", "", ""
    if element.limit == 1 and element.needs:
        return name, child_types(document, element), ""
    return f"*{name}", child_types(document, element), ""
