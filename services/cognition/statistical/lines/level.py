"""The level a line says of itself, and where its message begins."""

import re
from functools import cache

from services.cognition.statistical.lines.mask import IP, NUMBER, SIGNS, ZERO
from services.cognition.statistical.lines.words import words

_HEAD = 240
_NUM = f"[{NUMBER}{ZERO}]"
_DATE = re.compile(
    rf"(?:[^\w{SIGNS}]|{NUMBER}|(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep"
    r"|oct|nov|dec|am|pm|utc|gmt|[tz])(?!\w))+",
    re.IGNORECASE,
)
_PROGRAM = re.compile(rf"(?:[^\s:\[]{{1,80}}\s+){{0,2}}?[^\s:=\[\"]{{1,60}}(?:\[{_NUM}?\])?:\s+")
_EXTRAS = re.compile(
    rf"(?:[-|:,>]+\s+|\[[^\]\n]{{0,120}}\]+(?=[\s:\[]|$):?\s*|\({_NUM}\)\s*|{NUMBER}[#:]*\s+"
    rf"|(?:\*{_NUM}\s+)|[\w$]+(?:[.$][\w$]+)+(?:{_NUM})?(?<!Exception)(?<!Error)(?:\[{_NUM}\])?\s*(?:[-:]\s+)"
    rf"|[\w.\-]{{1,60}}:{_NUM}\]\s+)+"
)
_LETTER = re.compile(rf"(?:^([IWEF]){_NUM}\s|{_NUM}\s+([VDIWEF])[ /](?=[\w.-]))")
_LETTERS = {"I": "info", "D": "info", "V": "info", "W": "warning", "E": "error", "F": "error"}
_NUMERIC = re.compile(r"^<(\d{1,3})>|(?:level|severity|priority)\"?\s?[=:]\s?(\d{1,2})\b")


@cache
def _named() -> re.Pattern[str]:
    names = sorted(words().levels, key=len, reverse=True)
    upper = "|".join(name.upper() for name in names)
    title = "|".join(name.title() for name in names)
    either = "|".join(names)
    keys = "|".join(words().level_keys)
    capitals = "|".join(name.upper() for name in words().level_labels)
    return re.compile(
        rf"(?:(?i:(?<![a-z_])(?:{keys})[\"']?\s?[=:]\s?[\"']?(?P<key>{either})(?![a-z]))"
        rf"|[\[<](?i:(?:\w{{1,32}}:)?(?P<bracket>{either}))[\]>]"
        rf"|(?<![\w$.\-/=])(?P<upper>{upper})(?![\w$(=/]|[.-]\w|\"?:\")"
        rf"|(?:(?<=[:,|{NUMBER}{ZERO}] )|(?<=^)|(?<=\s\s))(?P<label>(?i:{either})) ?:(?=\s|$)"
        rf"|(?<![\w$.\-/=])(?P<capitals>{capitals})(?=:\s)"
        rf"|(?<=, )(?P<title>{title})(?=\s\s))[\]:>|)]*\s*"
    )


def numeric(text: str) -> str:
    """The level `text` says in numbers: a syslog PRI (RFC 5424, 6.2.1) or a JSON level.

    Up to 7 it is syslog's scale (3 and less are errors), from 10 the loggers' (50 and more).
    """
    match = _NUMERIC.search(text, 0, _HEAD)
    if match is None:
        return ""
    value = int(match[1]) & 7 if match[1] else int(match[2])
    if value <= 7:
        return "error" if value <= 3 else "warning" if value == 4 else "info"
    return "error" if value >= 50 else "warning" if value >= 40 else "info"


def level(shape: str) -> tuple[str, int]:
    """The level a masked line says ('error', 'warning', 'info' or '') and its message's start."""
    begin = 0
    date = _DATE.match(shape)
    if date is not None and (NUMBER in date[0] or "[" in date[0]):
        begin = date.end()
    found = ""
    named = _named().search(shape, 0, _HEAD)
    letter = _LETTER.search(shape, 0, 100)
    if letter is not None and (named is None or letter.start() < named.start()):
        found = _LETTERS[letter[1] or letter[2]]
        begin = max(begin, letter.end())
    elif named is not None:
        name = named[named.lastgroup or 0]
        found = words().levels.get(name.lower(), "info")
        if named.lastgroup != "key":
            begin = named.end()
    if date is not None and begin == date.end() and shape[begin : begin + 1] not in {"{", IP}:
        program = _PROGRAM.match(shape, begin)
        begin = program.end() if program is not None else begin
        label = _named().match(shape, begin)
        begin = label.end() if label is not None else begin
    extras = _EXTRAS.match(shape, begin)
    if extras is not None and extras.end() < len(shape):
        begin = extras.end()
    return found, begin
