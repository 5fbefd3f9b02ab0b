"""A line that is a JSON object, taken by its fields: the same whatever their order is.

It reads like a line of text: the message, then ` | ` and the other fields by name, with values
only where they tell something. So a failure told in JSON has the signature it has in text.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from services.cognition.statistical.limits import Limits
from services.cognition.statistical.lines.flat import flat, parsed
from services.cognition.statistical.lines.layout import Field, layout
from services.cognition.statistical.lines.mask import HOST, IP, NUMBER, PATH, ZERO, mask
from services.cognition.statistical.lines.scale import level_of, moment_of, status_of
from services.cognition.statistical.lines.stamp import Stamp, stamp
from services.cognition.statistical.lines.token import tokens
from services.cognition.statistical.lines.verdict import verdict

_VALUE = 256
_WORD = 32


class Structured(NamedTuple):
    """What a JSON line says.

    Attributes:
        message: of its message field; empty without one.
        level: of its level field, '' without one.
        moment: of its time field, else as its message has it.
        status: the HTTP status it tells of.
        rest: its other fields, masked.
        addresses: those in `rest`, in the order of their signs.
        words: short values that are words, by the field's label: a template has them while they
            are few.
    """

    message: str
    level: str
    moment: Stamp | None
    status: int | None
    rest: str
    addresses: tuple[str, ...]
    words: tuple[tuple[str, str], ...]


class _Said(NamedTuple):
    """What a field says: as it stands in a shape, its addresses, its value if it is a word."""

    text: str
    addresses: tuple[str, ...] = ()
    word: str = ""


def structured(text: str, limits: Limits) -> Structured | None:
    """What a line says by its fields; None if it is no JSON object, or broken, huge or deep."""
    found = parsed(text)
    if not found:
        return None
    fields = flat(found)
    plan = layout(tuple(fields))
    message = _at(fields, plan.message)
    if isinstance(message, str) and message[:1] == "{" and (inner := parsed(message)):
        # a program's own JSON line, wrapped by whoever collected it
        fields = {k: v for k, v in fields.items() if k != plan.message} | dict(flat(inner))
        plan = layout(tuple(fields))
        message = _at(fields, plan.message)
    message = "" if message is None else str(message)[: limits.text].rstrip()
    said: list[str] = []
    addresses: list[str] = []
    words: list[tuple[str, str]] = []
    for field in plan.rest:
        value = fields[field.path]
        if field.opaque:
            said.append(field.opaque)
        elif type(value) is str:
            one = _say(field, value[:_VALUE])
            said.append(one.text)
            if one.addresses:
                addresses.extend(one.addresses)
            elif one.word:
                words.append((field.label, one.word))
        else:
            said.append(f"{field.label}={_literal(value)}")
    time = _at(fields, plan.time)
    return Structured(
        message,
        level_of(_at(fields, plan.level), plan.scale),
        stamp(message) if time is None else moment_of(time),
        status_of(_at(fields, plan.status)),
        ", ".join(said),
        tuple(addresses),
        tuple(words),
    )


def _at(fields: Mapping[str, Any], path: str) -> Any:
    return fields.get(path) if path else None


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return NUMBER if value else ZERO


@lru_cache(maxsize=8_192)
def _say(field: Field, value: str) -> _Said:
    if not value:
        return _Said(f'{field.label}=""')
    shape, addresses = mask(f"{field.label}={value}")
    shape = shape[len(field.label) + 1 :]
    told = verdict(tokens(shape), "error")
    if field.fails or told.kind or told.succeeded:
        quoted = shape.replace('"', "'").replace("\n", " ")
        name = field.label + PATH * (field.fails and told.kind != "")  # its value says it better
        return _Said(f'{name}="{quoted}"', tuple(addresses))
    if addresses:
        signs = ", ".join(sign for sign in shape if sign in {IP, HOST})
        return _Said(f"{field.label}={signs}", tuple(addresses))
    if shape in {NUMBER, ZERO}:
        return _Said(f"{field.label}={shape}")
    is_word = len(value) <= _WORD and shape == value and value.isprintable()
    return _Said(f"{field.label}={PATH}", (), value.replace(" ", "_") if is_word else "")
