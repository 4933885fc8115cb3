"""The spec as an OpenAPI 3.1 document, for tools that speak that; nothing is generated from it."""

from __future__ import annotations

from codegen.api.plan import VERSION, Field, Operation, Parameter, Plan, Resource
from codegen.api.types import Schema

_PAGE_FIELDS: dict[str, Schema] = {
    "end": {"type": "integer"},
    "first_page_uri": {"type": "string", "format": "uri"},
    "next_page_uri": {"type": ["string", "null"], "format": "uri"},
    "page": {"type": "integer"},
    "page_size": {"type": "integer"},
    "previous_page_uri": {"type": ["string", "null"], "format": "uri"},
    "start": {"type": "integer"},
    "uri": {"type": "string", "format": "uri"},
}
PAGE_PARAMETERS: dict[str, Schema] = {
    "PageSize": {"type": "integer", "minimum": 1, "maximum": 1000},
    "Page": {"type": "integer", "minimum": 0},
    "PageToken": {"type": "string"},
}


def document(plan: Plan) -> dict[str, object]:
    """The whole document."""
    paths: dict[str, dict[str, object]] = {}
    for resource in plan.resources.values():
        for operation in resource.operations:
            item = paths.setdefault(operation.path, {})
            item[operation.method.lower()] = _operation(resource, operation)
    schemas: dict[str, object] = {}
    for module in plan.modules:
        for enum in module.enums:
            values = {"type": "string", "enum": list(enum.spec.values)}
            schemas[enum.name] = {"description": enum.spec.doc} | (
                {"anyOf": [values, {"type": "string"}]} if enum.spec.open else values
            )
        for model in module.models:
            schemas[model.name] = {
                "type": "object",
                "description": model.spec.doc,
                "properties": {item.wire: _field(item) for item in model.fields},
                "required": [item.wire for item in model.fields if item.always],
            }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Twilio REST API, as ringback specifies it", "version": VERSION},
        "servers": [{"url": "https://api.twilio.com"}],
        "security": [{"basic": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
        },
    }


def _operation(resource: Resource, operation: Operation) -> dict[str, object]:
    parameters: list[Schema] = []
    for name, wire_type, doc in operation.holes:
        hole: Schema = {
            "name": name,
            "in": "path",
            "required": True,
            "description": doc,
            "schema": wire_type.schema,
        }
        parameters.append(hole)
    result: Schema = {
        "operationId": operation.constant.lower(),
        "summary": operation.spec.doc,
        "parameters": parameters,
        "x-ringback-resource": resource.key,
    }
    if resource.spec.docs:
        result["externalDocs"] = {"url": resource.spec.docs}
    if operation.method == "GET":
        parameters += [_query(wire, item) for item in operation.parameters for wire in item.wires]
        if operation.action == "list":
            for name, schema in PAGE_PARAMETERS.items():
                paging: Schema = {"name": name, "in": "query", "schema": schema}
                parameters.append(paging)
    elif operation.parameters:
        result["requestBody"] = {
            "content": {"application/x-www-form-urlencoded": {"schema": _form(operation)}}
        }
    answer: dict[str, object] = {"description": "Done."}
    if operation.model is not None:
        answer["content"] = {"application/json": {"schema": _answer(operation)}}
    result["responses"] = {str(status): answer for status in operation.statuses}
    return result


def _query(wire: str, parameter: Parameter) -> dict[str, object]:
    return {
        "name": wire,
        "in": "query",
        "required": parameter.required,
        "description": parameter.entry.doc,
        "schema": parameter.type.schema,
    }


def _form(operation: Operation) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {
            wire: {"description": item.entry.doc} | item.type.schema
            for item in operation.parameters
            for wire in item.wires
        },
    }
    required = [item.wire for item in operation.parameters if item.required]
    if required:
        schema["required"] = required
    if operation.spec.one_of:
        schema["x-ringback-one-of"] = [list(group) for group in operation.spec.one_of]
    return schema


def _answer(operation: Operation) -> Schema:
    reference: Schema = {"$ref": f"#/components/schemas/{operation.model}"}
    if operation.items is None:
        return reference
    return {
        "type": "object",
        "properties": {**_PAGE_FIELDS, operation.items: {"type": "array", "items": reference}},
    }


def _field(item: Field) -> Schema:
    schema = item.entry.type.schema
    described: Schema = {"description": item.entry.doc}
    if item.always or not schema:
        return described | schema
    return described | {"anyOf": [schema, {"type": "null"}]}
