"""The Avro schema a model must have, told from the model alone."""

import inspect
from datetime import datetime
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

PRIMITIVES = {str: "string", int: "long", float: "double", bool: "boolean"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}


def record(model: type[BaseModel]) -> dict[str, Any]:
    """Return the record schema of a model; each name may stand in it once."""
    told = inspect.getdoc(model) or ""
    return {
        "type": "record",
        "name": model.__name__,
        "doc": " ".join(told.split("\n\n")[0].split()),
        "fields": [_field(model, name) for name in model.model_fields],
    }


def _field(model: type[BaseModel], name: str) -> dict[str, Any]:
    info = model.model_fields[name]
    field = {"name": name, "type": _type(info.annotation), "doc": info.description}
    if info.default is not PydanticUndefined:
        default = list(info.default) if isinstance(info.default, tuple) else info.default
        field["default"] = default
    return field


def _type(annotation: Any) -> Any:
    if annotation in PRIMITIVES:
        return PRIMITIVES[annotation]
    if annotation is datetime:
        return MICROS
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return record(annotation)
    inner = [a for a in get_args(annotation) if a not in (NoneType, Ellipsis)]
    assert len(inner) == 1, annotation
    if get_origin(annotation) is tuple:
        return {"type": "array", "items": _type(inner[0])}
    return ["null", _type(inner[0])]
