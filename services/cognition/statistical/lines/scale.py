"""What fields of JSON lines say in numbers or words: levels, times, HTTP statuses."""

from functools import lru_cache
from math import isnan
from time import gmtime, strftime
from typing import Any

from services.cognition.statistical.lines.layout import OTEL, PYTHON
from services.cognition.statistical.lines.stamp import WIDTH, Stamp, stamp
from services.cognition.statistical.lines.words import words

_LETTERS = {"f": "error", "e": "error", "w": "warning", "i": "info", "d": "info", "t": "info"}
_PANICS = frozenset({"panic", "dpanic"})
_SCALES = {PYTHON: (40, 30), OTEL: (17, 13)}
_PINO = (50, 40)
_SYSLOG_LAST, _PINO_FIRST = 7, 10
_SINCE, _UNTIL = 1_000_000_000, 10_000_000_000
"""Seconds since the Unix epoch that are believed to be a time: 2001 to 2286."""
_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)


def level_of(value: Any, scale: str) -> str:
    """The level a field says: 'error', 'warning', 'info', or '' for none that is known."""
    if isinstance(value, str):
        word = value.strip().lower()
        if not word.isdecimal():
            return "error" if word in _PANICS else words().levels.get(word, _LETTERS.get(word, ""))
        value = int(word[:6])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if isinstance(value, float) and isnan(value):
        return ""
    error, warning = _SCALES.get(scale, _PINO)
    if scale not in _SCALES and value < _PINO_FIRST:
        if not 0 <= value <= _SYSLOG_LAST:
            return ""
        return "error" if value <= 3 else "warning" if value <= 4 else "info"
    return "error" if value >= error else "warning" if value >= warning else "info"


def moment_of(value: Any) -> Stamp | None:
    """The time a field says, in words or in s, ms, us or ns since the Unix epoch."""
    if isinstance(value, str):
        if not value.isdecimal():
            return stamp(value[:WIDTH])
        value = int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    for unit in _UNITS:
        if _SINCE * unit <= value < _UNTIL * unit:
            return _at(int(value // unit) // 60)
    return None


@lru_cache(maxsize=1_024)
def _at(minute: int) -> Stamp:
    return Stamp(strftime("%Y-%m-%dT%H:%MZ", gmtime(minute * 60)), minute)


def status_of(value: Any) -> int | None:
    """The HTTP status a field says; None if it is none."""
    if isinstance(value, str) and len(value) == 3 and value.isdecimal():
        value = int(value)
    return value if type(value) is int and 100 <= value < 600 else None
