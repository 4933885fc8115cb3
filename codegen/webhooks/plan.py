"""From the records of the file to the classes to write.

A class holds the parameters of all its webhooks that its base doesn't hold already. A field is promised, and
has no default, where every one of the webhooks always sends it and Twilio's documentation or SDKs say so.
Only what identifies the event has to be there when a request is read: other promised text is empty where it
is missing, and numbers, times and flags, which may be unreadable as well, are None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from codegen import naming
from codegen.problems import Problem, SpecError
from codegen.source import Source, Step, Steps
from codegen.webhooks.load import expand
from codegen.webhooks.records import EventSpec, Parameter, Spec, Webhook

ROOTS = ("VoiceRequest", "MessageRequest", "Notification")

_NUMBERS = ("integer", "seconds", "minutes", "milliseconds")
_ANNOTATIONS = dict.fromkeys(_NUMBERS, "int") | {
    "boolean": "bool",
    "decimal": "Decimal",
    "float": "float",
    "rfc2822": "datetime",
    "iso8601": "datetime",
}
# How `ringback.webhooks.wire` reads what the file calls so; all else it reads as "word".
_CODECS = dict.fromkeys(_NUMBERS, "integer") | {
    kind: kind for kind in ("text", "boolean", "decimal", "float", "rfc2822", "iso8601")
}
_PRIVATE = frozenset({"address", "json", "text", "word"})
_MEDIA = ("MediaUrl{N}", "MediaContentType{N}")


@frozen(kw_only=True)
class FieldPlan:
    """One attribute of a class.

    Attributes:
        codec: How its text is read; the names are those of `ringback.webhooks.wire`.
        promised: Whether Twilio always sends it, so that the argument must be there.
        identifies: Whether there is no event without the parameter.
        default: The source of the default, or None.
        private: Whether it holds what people say, write, or are called by.
        same_as: The field whose value it takes when it isn't there, or None.
    """

    name: str
    wire: str
    codec: str
    annotation: str
    doc: str
    promised: bool = False
    identifies: bool = False
    default: str | None = None
    same_as: str | None = None
    secret: bool = False
    private: bool = False

    @property
    def source(self) -> str:
        """The line of the class body."""
        options: list[str] = []
        if self.codec == "family":
            options = ["factory=dict[str, str]", "hash=False"]
        elif self.same_as is not None:
            options = [f"default=Factory(lambda event: event.{self.same_as}, takes_self=True)", "repr=False"]
        elif self.secret:
            options = [f"default={self.default}", "repr=False"] if self.default else ["repr=False"]
        if options:
            return f"{self.name}: {self.annotation} = field({', '.join(options)})"
        return f"{self.name}: {self.annotation}" + (f" = {self.default}" if self.default else "")


@frozen(kw_only=True)
class ClassPlan:
    """One class to write; `requests` are the webhooks that it stands for."""

    name: str
    base: str
    doc: str
    docs: tuple[str, ...]
    requests: tuple[Webhook, ...] = ()
    notes: tuple[str, ...] = ()
    fields: tuple[FieldPlan, ...]
    selector: tuple[str, Mapping[str, str]] | None = None

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The parameters without which there is no such event, by wire name."""
        return tuple(each.wire for each in self.fields if each.identifies)


@frozen(kw_only=True)
class ModulePlan:
    """One module of event classes."""

    name: str
    doc: str
    classes: tuple[ClassPlan, ...]


def plan(spec: Spec, source: Source) -> tuple[ModulePlan, ...]:
    """The modules to write, in the order of the file, each class behind its base.

    Raises:
        SpecError: With every class that can't be made.
    """
    planner = _Planner(spec, source)
    modules = tuple(
        ModulePlan(
            name=name,
            doc=module.doc,
            classes=tuple(made for event in module.events for made in planner.classes(event)),
        )
        for name, module in spec.modules.items()
    )
    if planner.problems:
        raise SpecError(planner.problems)
    return modules


class _Planner:
    def __init__(self, spec: Spec, source: Source) -> None:
        self.spec = spec
        self.source = source
        self.events = spec.events()
        self.problems: list[Problem] = []
        self._paths: dict[str, Steps] = {
            name: ("modules", module, "events", name)
            for module, found in spec.modules.items()
            for name in found.events
        }
        self._fields: dict[str, dict[str, FieldPlan]] = {}

    def classes(self, name: str) -> Iterator[ClassPlan]:
        """The class of an event and those that its selection adds."""
        event = self.events[name]
        requests = {key: webhook for key, webhook in self.spec.webhooks.items() if webhook.event == name}
        if bool(requests) == bool(event.groups):
            self._problem(name, "expected either `groups`, for a common base, or webhooks that name it")
        merged = self._merged(event, requests)
        fields = self._new_fields(name, event, merged)
        yield ClassPlan(
            name=name,
            base=event.extends,
            doc=event.doc,
            docs=tuple(
                dict.fromkeys([event.docs] if event.docs else [each.docs for each in requests.values()])
            ),
            requests=tuple(requests.values()),
            notes=tuple(each.doc for each in merged.get("{custom}", ()) if each is not None),
            fields=tuple(fields.values()),
            selector=self._selector(name, event, merged),
        )
        yield from self._subclasses(name, event)

    def fields_of(self, name: str) -> dict[str, FieldPlan]:
        """All fields of a class by wire name, inherited ones included."""
        if name in ROOTS or name not in self.events:
            return {}
        if name not in self._fields:
            event = self.events[name]
            requests = {key: each for key, each in self.spec.webhooks.items() if each.event == name}
            self._fields[name] = {}  # ends the recursion where classes extend each other
            inherited = self.fields_of(event.extends)
            self._fields[name] = inherited | self._new_fields(name, event, self._merged(event, requests))
        return self._fields[name]

    def _merged(self, event: EventSpec, requests: Mapping[str, Webhook]) -> dict[str, list[Parameter | None]]:
        """Wire name -> what each webhook says of it, those last that don't send it and say None."""
        sets = [expand(self.spec, each.groups, each.without, each.parameters) for each in requests.values()]
        if event.groups:
            sets.append(expand(self.spec, event.groups, (), {}))
        wires = dict.fromkeys(wire for each in sets for wire in each)
        for key, each in zip(requests, sets, strict=False):
            for wire, inherited in self.fields_of(event.extends).items():
                if inherited.promised and (wire not in each or each[wire].presence != "always"):
                    self.problems.append(
                        self.source.problem(
                            ("webhooks", key), f"must always send {wire} to extend {event.extends}"
                        )
                    )
        return {
            wire: sorted((each.get(wire) for each in sets), key=lambda found: found is None) for wire in wires
        }

    def _new_fields(
        self, name: str, event: EventSpec, merged: Mapping[str, Sequence[Parameter | None]]
    ) -> dict[str, FieldPlan]:
        inherited = self.fields_of(event.extends)
        fields: dict[str, FieldPlan] = {}
        for wire in merged:
            if wire in inherited or wire == "{custom}" or wire == _MEDIA[1]:
                continue
            fields[wire] = self._field(name, event, wire, merged)
        taken: dict[str, str] = dict.fromkeys(("unknown_parameters", "unreadable"), "the base class")
        for wire, made in (inherited | fields).items():
            if made.name in taken:
                message = f"{wire} and {taken[made.name]} would both be called {made.name}"
                self._problem(name, message, "names")
            taken[made.name] = wire
        for wire in event.names:
            if wire not in merged:
                self._problem(name, f"names {wire!r}, which no webhook sends", "names", wire)
        return fields

    def _field(
        self, name: str, event: EventSpec, wire: str, merged: Mapping[str, Sequence[Parameter | None]]
    ) -> FieldPlan:
        found = [each for each in merged[wire] if each is not None]
        first = found[0]
        promised = None not in merged[wire] and all(each.certain for each in found)
        selects = event.select is not None and event.select.by == wire
        identifies = promised and (selects or all(each.identifies for each in found))
        default = next((each.type.default for each in found if each.type.default is not None), None)
        self._agree(name, wire, found)
        kind = first.type.kind
        sentence = f"{first.doc} {self._presence(found, promised or default is not None)}".strip()
        secret = any(each.secret for each in found)
        private = secret or kind in _PRIVATE
        if wire.endswith("_{name}"):
            python = event.families.get(wire, f"{naming.snake(wire.removesuffix('_{name}'))}s")
            prefix = wire.removesuffix("{name}")
            return FieldPlan(
                name=python,
                wire=prefix,
                codec="family",
                annotation="Mapping[str, str]",
                private=True,
                doc=f"{sentence} (`{prefix}…`)",
            )
        if wire == _MEDIA[0]:
            return FieldPlan(
                name=event.media or "media",
                wire="Media",
                codec="media",
                annotation="tuple[ReceivedMedia, ...]",
                default="()",
                doc="The files that came along. (`MediaUrl{N}`, `MediaContentType{N}`)",
            )
        python = event.names.get(wire, naming.parameter(wire))
        doc = f"{sentence} (`{wire}`)"
        if kind == "alias":
            original = first.type.of[0]
            same = merged.get(original, [None])[0]
            if same is None or same.type.kind == "alias":
                self._wire_problem(
                    name, wire, f"{wire} is an alias of {original!r}, which isn't sent with it"
                )
                same = first
            return FieldPlan(
                name=python,
                wire=wire,
                codec="word",
                annotation=self._annotation(same.type.kind, same.type.of),
                private=same.type.kind in _PRIVATE,
                same_as=event.names.get(original, naming.parameter(original)),
                doc=doc,
            )
        annotation = self._annotation(kind, first.type.of)
        codec = _CODECS.get(kind, "text" if kind == "address" and promised else "word")
        readable = kind not in _ANNOTATIONS  # any text is
        if default is not None:
            literal = default if _ANNOTATIONS.get(kind) in {"int", "float"} else repr(default)
            return FieldPlan(
                name=python,
                wire=wire,
                codec=codec,
                annotation=annotation if readable else f"{annotation} | None",
                default=literal,
                doc=f"{sentence.removesuffix('.')}; `{default}` unless told otherwise. (`{wire}`)",
                secret=secret,
                private=private,
            )
        return FieldPlan(
            name=python,
            wire=wire,
            codec=codec,
            annotation=annotation if promised and readable else f"{annotation} | None",
            promised=promised,
            identifies=identifies,
            default=None if promised else "None",
            doc=doc,
            secret=secret,
            private=private,
        )

    def _annotation(self, kind: str, of: Sequence[str]) -> str:
        if kind == "enum":
            return f"{of[0]} | str" if self.spec.enums[of[0]].open else of[0]
        return _ANNOTATIONS.get(kind, "str")

    def _agree(self, name: str, wire: str, found: Sequence[Parameter]) -> None:
        first = found[0].type
        for each in found[1:]:
            other = each.type
            if other.kind == first.kind == "enum" and other.of != first.of:
                if not set(self.spec.enums[other.of[0]].values) <= set(self.spec.enums[first.of[0]].values):
                    self._problem(
                        name, f"{wire} is {first.of[0]} in one webhook and {other.of[0]} in another"
                    )
            elif (other.kind, other.of) != (first.kind, first.of):
                self._wire_problem(
                    name, wire, f"{wire} is {first.kind} in one webhook and {other.kind} in another"
                )

    def _presence(self, found: Sequence[Parameter], promised: bool) -> str:
        if promised:
            return ""
        presence = next((each.presence for each in found if each.presence != "always"), "usually")
        first = min(found, key=lambda each: each.presence == "always")
        told = {"usually": "Usually sent.", "sometimes": "Not always sent."}.get(
            presence, f"Sent {presence}."
        )
        notes = {
            "observed": " Seen, not documented.",
            "unconfirmed": " Not confirmed.",
        }
        return told + notes.get(first.confidence, "")

    def _selector(
        self, name: str, event: EventSpec, merged: Mapping[str, Sequence[Parameter | None]]
    ) -> tuple[str, Mapping[str, str]] | None:
        if event.select is None:
            return None
        discriminator = merged.get(event.select.by, [None])[0]
        if discriminator is None or discriminator.type.kind != "enum":
            message = f"selects by {event.select.by!r}, which is no enum of its webhooks"
            self._problem(name, message, "select", "by")
            return None
        allowed = self.spec.enums[discriminator.type.of[0]].values
        chosen: dict[str, str] = {}
        for subclass, selected in event.select.classes.items():
            for value in selected.values:
                if value not in allowed or value in chosen:
                    message = f"{value!r} is taken or no value of {event.select.by}"
                    self._problem(name, message, "select", "classes", subclass)
                chosen[value] = subclass
        return event.select.by, chosen

    def _subclasses(self, name: str, event: EventSpec) -> Iterator[ClassPlan]:
        if event.select is None:
            return
        fields = self.fields_of(name)
        for subclass, selected in event.select.classes.items():
            narrowed: list[FieldPlan] = []
            by = fields.get(event.select.by)
            if by is not None:
                values = selected.values
                narrowed.append(
                    FieldPlan(
                        name=by.name,
                        wire=by.wire,
                        codec=by.codec,
                        annotation=f"Literal[{', '.join(map(repr, values))}]",
                        doc=by.doc,
                        promised=len(values) > 1,
                        default=repr(values[0]) if len(values) == 1 else None,
                    )
                )
            yield ClassPlan(name=subclass, base=name, doc=selected.doc, docs=(), fields=tuple(narrowed))

    def _problem(self, name: str, message: str, *steps: Step) -> None:
        self.problems.append(self.source.problem((*self._paths[name], *steps), message))

    def _wire_problem(self, name: str, wire: str, message: str) -> None:
        """About what a webhook of the class says of a parameter, or a group or the class where none does."""
        places: list[Steps] = [
            ("webhooks", key, "parameters", wire)
            for key, webhook in self.spec.webhooks.items()
            if webhook.event == name and wire in webhook.parameters
        ]
        places += [
            ("groups", group, "parameters", wire)
            for group, members in self.spec.groups.items()
            if wire in members.parameters
        ]
        self.problems.append(self.source.problem([*places, self._paths[name]][0], message))
