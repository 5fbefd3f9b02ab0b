"""A line of JSON as fields: parsed, nested objects by their paths, bounded whatever comes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from domain.formats import entry

LONGEST = 65_536
"""Characters of a line that is read as JSON."""
FIELDS = 64
NAME = 128
"""Characters of a field's name that are kept."""
DEPTH = 4
_ITEMS = 8
_MORE = "\u2026"
_NESTED = (dict, list)
_Items = Callable[[dict[str, Any]], Iterable[tuple[str, Any]]]


def parsed(text: str) -> dict[str, Any] | None:
    """The object a line is; None if it is none, is broken, too long or too deep."""
    text = text.strip()
    if text[-1:] != "}" or len(text) > LONGEST:
        return None
    try:
        found = entry.parsed(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def flat(found: dict[str, Any]) -> Mapping[str, Any]:
    """Its scalars by path, at most `FIELDS` of them.

    A list of scalars is text; of one of objects the first is looked into.
    """
    short = len(found) <= FIELDS and max(map(len, found)) <= NAME
    if short and not any(type(value) in _NESTED for value in found.values()):
        return found
    out: dict[str, Any] = {}
    _flatten(found, "", 1, out, dict.items)
    if len(out) >= FIELDS:  # which are left out must not go by their order
        out.clear()
        _flatten(found, "", 1, out, _ordered)
    return out


def _ordered(found: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    return sorted(found.items(), key=lambda item: (isinstance(item[1], _NESTED), item[0]))


def _flatten(
    found: dict[str, Any], prefix: str, depth: int, out: dict[str, Any], items: _Items
) -> None:
    for name, value in items(found):
        if len(out) >= FIELDS:
            return
        path = f"{prefix}{name[:NAME]}"
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict) and inner and depth < DEPTH:
            _flatten(inner, f"{path}.", depth + 1, out, items)
        else:
            out[path] = _scalar(value)


def _scalar(value: Any) -> Any:
    """A value as a scalar: of a list its first ones, of what can't be looked into that it is."""
    if not isinstance(value, _NESTED):
        return value
    items = [str(each) for each in list(value)[:_ITEMS] if not isinstance(each, _NESTED)]
    return ", ".join(items) or (_MORE if value else None)
