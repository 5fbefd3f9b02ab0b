"""Time stamps in the formats logs have, to the minute: only differences of them are used."""

import re
from datetime import UTC, datetime
from functools import lru_cache

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NAME = "(?:" + "|".join(_MONTHS) + ")"
_STAMP = re.compile(
    rf"""
      (?P<iso>\d{{4}}[-/.]\d\d[-/.]\d\d[T_ -]\d\d[:.]\d\d)(?:[:.]\d\d)?
    | (?P<named>{_NAME}[ ]{{1,2}}\d{{1,2}},?[ ](?:\d{{4}},?[ ])?\d\d:\d\d):\d\d(?:[ ]\d{{4}})?
    | (?P<clf>\d\d?[/ -]{_NAME}[/ -]\d{{4}}[: ]\d\d:\d\d):\d\d
    | (?P<short>(?<!\d)\d\d/\d\d/\d\d[ ]\d\d:\d\d):\d\d
    | (?P<packed>^-?[ ]?\d{{6}}[ ]\d{{4}})\d\d(?!\d)
    | (?P<dense>(?<!\d)\d{{8}}[-T ]\d\d:\d\d?):\d
    | (?P<day>(?:^\[?|^[IWEF])\d\d[-.]?\d\d[ ]\d\d:\d\d):\d\d
    | (?P<us>(?<!\d)\d\d?/\d\d?/\d{{4}},?[ ]\d\d?:\d\d)(?::\d\d)?
    | (?:^|[ "=:\[])(?P<epoch>1\d{{9}})(?:\d{{3}}|\.\d+)?(?![\w.])
    | (?P<clock>^\[?\d\d:\d\d):\d\d(?![\d:])
    """,
    re.VERBOSE,
)
WIDTH = 120
"""Characters at the start of a line in which its stamp is looked for."""


class Stamp:
    """A time stamp: its text, and its minute, counted from some fixed day."""

    __slots__ = ("minute", "text")

    def __init__(self, text: str, minute: int) -> None:
        self.text = text
        self.minute = minute


def _date(digits: str) -> tuple[int, int, int]:
    return int(digits[:4]), int(digits[4:6]), int(digits[6:8])


@lru_cache(maxsize=4_096)
def _minute(kind: str, text: str) -> int | None:
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    try:
        if kind == "epoch":
            return numbers[0] // 60
        if kind == "clock":
            (year, month, day), (hour, minute) = (2000, 1, 1), numbers
        elif kind in {"named", "clf"}:
            month = next(i for i, name in enumerate(_MONTHS, 1) if name in text)
            year = next((n for n in numbers if n > 99), 2000)  # a leap year, so that any day fits
            day, (hour, minute) = numbers[0], numbers[-2:]
        elif kind == "us":
            month, day, year, hour, minute = numbers
        elif kind in {"iso", "short"}:
            year, month, day, hour, minute = numbers
        elif kind == "dense":
            (year, month, day), (hour, minute) = _date(f"{numbers[0]}"), numbers[1:]
        else:  # packed and day: two digits each, the latter without year
            digits = "".join(re.findall(r"\d", text)).rjust(10, "0")
            year, month, day, hour, minute = (int(digits[i : i + 2]) for i in range(0, 10, 2))
        moment = datetime(year % 100 + 2000, month, day, hour, minute, tzinfo=UTC)
    except (ValueError, StopIteration):
        return None
    return int(moment.timestamp()) // 60


def stamp(text: str) -> Stamp | None:
    """The first time stamp in the first 120 characters of `text`; None if it has none."""
    match = _STAMP.search(text, 0, WIDTH)
    if match is None:
        return None
    kind = match.lastgroup or ""
    minute = _minute(kind, match[kind])
    return None if minute is None else Stamp(match[0].strip(' ["=:'), minute)
