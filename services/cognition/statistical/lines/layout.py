"""Which field of a JSON line is what: by the names alone, so that one answer serves all like it."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from services.cognition.statistical.lines.mask import PATH, mask
from services.cognition.statistical.lines.token import parts_of
from services.cognition.statistical.lines.words import words

_STATUS = re.compile(r"(?:(?:^|[^A-Za-z])(?:[sS]tatus|STATUS)|[a-z]Status)(?:_?[cC]ode|_?CODE)?$")
_NO_NAME = re.compile(r"[=\s\"']")
_LABEL = 64
SYSLOG_OR_PINO, PYTHON, OTEL = "syslog or pino", "python", "otel"


class Field(NamedTuple):
    """A field that is none of the line's own message, level or time.

    Attributes:
        path: the names that lead to it, with dots between.
        label: the same as it stands in a shape.
        opaque: how it stands there if its value tells nothing, whatever it is; else empty.
        fails: its name tells of a failure, so that its value says which.
    """

    path: str
    label: str
    opaque: str
    fails: bool


class Layout(NamedTuple):
    """What the fields of a line are; an empty path for what it does not have.

    Attributes:
        message, level, time, status: paths.
        scale: what numbers of its level mean.
        rest: all fields but message, level and time, in an order of their own: who is nearest
            to having asked comes first.
    """

    message: str
    level: str
    time: str
    status: str
    scale: str
    rest: Sequence[Field]


@lru_cache(maxsize=1_024)
def layout(paths: tuple[str, ...]) -> Layout:
    """The layout of a line with these fields, in any order."""
    known = words()
    message = _first(paths, known.message_fields)
    level = _first(paths, known.level_fields)
    time = _first(paths, known.time_fields)
    status = min((p for p in paths if _STATUS.search(p)), key=lambda p: (len(p), p), default="")
    rest = [_field(path) for path in paths if path not in {message, level, time}]
    return Layout(
        message,
        level,
        time,
        status,
        _scale(_name(level)),
        sorted(rest, key=lambda field: (_nearness(field.path), field.path)),
    )


def _name(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _first(paths: Iterable[str], names: Sequence[str]) -> str:
    """The path with the surest of these names that is the line's own; the shortest of several."""
    found = [path for path in paths if _name(path) in names and _is_own(path)]
    return min(found, key=lambda p: (names.index(_name(p)), len(p), p), default="")


def _is_own(path: str) -> bool:
    return all(part.lower() in words().holders for part in path.split(".")[:-1])


def _scale(name: str) -> str:
    if name == "levelno":
        return PYTHON
    return OTEL if name.startswith("severity") and name.endswith("number") else SYSLOG_OR_PINO


def _field(path: str) -> Field:
    known, parts = words(), parts_of(path)
    first = path.partition(".")[0].lower().strip("_@")
    opaque = (
        first in known.own_fields
        or _name(path) in known.time_fields
        or not known.opaque_fields.isdisjoint(parts)
    )
    singular = {known.singular(part) for part in parts}
    fails = not singular.isdisjoint(known.blame | known.fault)
    label = _NO_NAME.sub("?", mask(path)[0][:_LABEL])
    return Field(path, label, f"{label}={PATH}" if opaque and not fails else "", fails)


def _nearness(path: str) -> int:
    """Rank of whose address it may be: a program's word for who asked, a peer's, a header's."""
    parts = parts_of(path)
    return 2 if "forwarded" in parts else 1 if {"remote", "peer"} & set(parts) else 0
