"""What several of these tests need: the corpus, and lxml as the second opinion."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal, cast

from attrs import frozen
from lxml import etree

from ringback.twiml import schema_folder

CORPUS = Path(__file__).parent / "corpus"
DocumentName = Literal["voice", "messaging"]


@frozen
class Sample:
    """A document of the corpus, and what its index says of it."""

    name: str
    xml: bytes
    document: DocumentName
    code: str = ""
    in_schema: bool = True

    def __str__(self) -> str:
        return self.name


def corpus(kind: str) -> list[Sample]:
    """All documents of `valid`, `invalid` or `flagged`."""
    index = json.loads((CORPUS / kind / "index.json").read_text(encoding="utf-8"))
    return [
        Sample(
            name,
            (CORPUS / kind / name).read_bytes(),
            cast("DocumentName", about["document"]),
            about.get("code", ""),
            about.get("xsd10", True),
        )
        for name, about in index.items()
    ]


@cache
def lxml_schema(document: DocumentName) -> etree.XMLSchema:
    """The schema, as libxml2 reads it."""
    return etree.XMLSchema(etree.parse(str(schema_folder() / f"{document}.xsd")))


def lxml_root(xml: str | bytes) -> etree._Element:
    """The root, by a parser that is not ours."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(xml.encode() if isinstance(xml, str) else xml, parser)


Infoset = tuple[str, dict[str, str], list["str | Infoset"]]


def infoset(element: etree._Element) -> Infoset:
    """Name, attributes and children, without what doesn't count."""
    children: list[str | Infoset] = [element.text] if element.text else []
    for child in element:
        children.append(infoset(child))
        if child.tail:
            children.append(child.tail)
    return str(element.tag), {str(k): str(v) for k, v in element.attrib.items()}, children
