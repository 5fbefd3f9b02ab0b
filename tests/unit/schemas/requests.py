"""The Avro fields a request of the API must have, told from its model alone."""

import json
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from services.api.models.wire import JsonObject

PLAIN = {str: "string", int: "long", float: "double", bool: "boolean"}
INHERITED = {"token_budget_lifetime", "compute_ms_lifetime", "max_lifetime_spawns"}
"""Of a policy: not sent, they are the parent's; sent as null, there is none. Avro has no unsent."""


def taken(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the fields a request model takes, in Avro's words but for docs and names."""
    found = []
    for name, info in model.model_fields.items():
        if name in INHERITED:
            continue
        field: dict[str, Any] = {"name": name, "type": avro_of(info.annotation, info.metadata)}
        if not info.is_required():
            default = info.get_default(call_default_factory=True)
            field["default"] = in_json(default, field["type"])
        found.append(field)
    return found


def avro_of(annotation: Any, metadata: list[Any]) -> Any:
    if metadata and metadata[0] in get_args(JsonObject):
        return "string"  # its text
    if annotation in PLAIN:
        return PLAIN[annotation]
    if get_origin(annotation) is list:
        return {"type": "array", "items": avro_of(get_args(annotation)[0], [])}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {"type": "record", "fields": taken(annotation)}
    inner = [each for each in get_args(annotation) if each is not type(None)]
    if len(inner) < len(get_args(annotation)):
        return ["null", avro_of(inner[0], [])]
    return avro_of(inner[0], inner[1:])


def in_json(default: Any, of: Any) -> Any:
    if isinstance(default, BaseModel):
        return default.model_dump()
    return json.dumps(default) if of == "string" and isinstance(default, dict) else default
