"""The schema of each answer, as strict servers take it.

Strict modes differ; all take this: every property required and none besides, no ranges and no
lengths. A label can only be one of those shown, where the server keeps the schema.
"""

import copy
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from services.cognition.openai.answers import form_of
from services.cognition.openai.shown import Shown


def schema_of(step: str, shown: Shown) -> dict[str, Any]:
    """Return the schema of an answer, its labels and tools those shown."""
    schema = copy.deepcopy(_schema(step))
    defined = schema.get("$defs", {})
    words = {"Label": shown.refs, "HypothesisLabel": shown.hypotheses, "Tool": shown.tools}
    for name, known in words.items():
        if name in defined and known:
            defined[name]["enum"] = list(known)
    if "Proposal" in defined and not shown.tools:
        defined["Check"]["properties"]["proposal"] = {"type": "null"}
        del defined["Proposal"], defined["Tool"]
    return schema


@cache
def _schema(step: str) -> dict[str, Any]:
    schema: dict[str, Any] = _bare(TypeAdapter(form_of(step)).json_schema())
    return schema


def _bare(schema: Any) -> Any:
    """Return a schema without what only people read, and what strict modes refuse."""
    dropped = {"title", "description", "minItems", "maxItems"}
    if isinstance(schema, dict):
        return {
            key: {name: _bare(each) for name, each in value.items()}
            if key in ("properties", "$defs")
            else _bare(value)
            for key, value in schema.items()
            if key not in dropped
        }
    return [_bare(each) for each in schema] if isinstance(schema, list) else schema
