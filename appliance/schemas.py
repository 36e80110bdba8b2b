"""JSON schemas: what those of our answers are put together from."""

from typing import Any

Schema = dict[str, Any]
Answers = dict[str, dict[str, str]]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES_OR_NO: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
UUID: Schema = {"type": "string", "format": "uuid"}


def or_null(schema: Schema) -> Schema:
    return {"oneOf": [schema, {"type": "null"}]}


def some(**properties: Schema) -> Schema:
    """An object that may have these."""
    return {"type": "object", "properties": properties}


def all_of(**properties: Schema) -> Schema:
    """An object that has all of these."""
    return {**some(**properties), "required": list(properties)}


def of(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(name: str) -> Schema:
    return {"type": "array", "items": of(name)}


ERROR = or_null(all_of(code=or_null(TEXT), message=or_null(TEXT)))
