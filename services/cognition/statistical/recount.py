"""Counts a finding again from the raw lines it cites, by none of the code that found it."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from domain.formats import entry
from services.cognition.statistical.limits import LIMITS
from services.cognition.statistical.line import Line
from services.cognition.statistical.lines.phrase import WORD

_HEAD = r"^(?:(?:\S*[^\s:]\s+){0,7}\S+[:\]]\s+)?"
_REPEATED = re.compile(_HEAD + r"message repeated (\d{1,9}) times: \[.*\]\s*$")
_LAST_REPEATED = re.compile(_HEAD + r"last message repeated (\d{1,9}) times?\s*$")
_NUMERIC = re.compile(r"[0-9A-Fa-f:.]*[:.][0-9A-Fa-f:.]+")
_FIELDS = 1_000
_HTTP = re.compile(r"HTTP (\d{3})$")


@dataclass(frozen=True, slots=True)
class Recount:
    """The outcome of counting again.

    Attributes:
        outcome: 'passed', 'failed' or 'inconclusive'.
        count: what was counted.
        expected: what the finding says.
        reason: why, in one sentence.
    """

    outcome: str
    count: int
    expected: int
    reason: str


def _mentions(text: str, subject: str) -> bool:
    """Whether `text` has the subject as a whole address or name."""
    try:
        wanted = ip_address(subject)
    except ValueError:
        name = rf"(?<![\w.-]){re.escape(subject)}(?![\w-]|\.\w)"
        return re.search(name, text, re.IGNORECASE) is not None
    if wanted.version == 4:
        return re.search(rf"(?<![\w.]){re.escape(subject)}(?!\w|\.\d)", text) is not None
    for match in _NUMERIC.finditer(text):
        try:
            if ip_address(match[0].rstrip(".")) == wanted:
                return True
        except ValueError:
            continue
    return False


def _says(signature: str) -> re.Pattern[str]:
    """A pattern of the failing words: in order, with only `*` standing for other words."""
    answered = _HTTP.match(signature)
    if answered is not None:
        code = answered[1]
        logged = rf"\"[\s,]+(?:status:?\s)?{code}\b"
        return re.compile(rf"{logged}|status\w*\W{{1,4}}{code}\b", re.IGNORECASE)
    parts = [r"\W+".join(map(_word, part.split())) for part in signature.split(" * ")]
    return re.compile(r".{0,400}?".join(parts), re.IGNORECASE)


def _word(word: str) -> str:
    """A pattern of one word, alone or in the plural; one cut short may go on."""
    rest = r"\S*" if len(word) >= WORD else r"s?(?!\w)"
    return rf"(?<!\w){re.escape(word)}{rest}" if word.isascii() else re.escape(word)


def _fields(text: str) -> str:
    """The names and values of a JSON line, as text without its escapes; empty for other lines."""
    if text[:1] != "{":
        return ""
    try:
        found = entry.parsed(text)
    except (ValueError, RecursionError):
        return ""
    told: list[str] = []
    waiting: list[tuple[str, object]] = [("", found)]
    while waiting and len(told) < _FIELDS:
        name, value = waiting.pop()
        if isinstance(value, str) and value[:1] == "{":
            with suppress(ValueError, RecursionError):
                value = entry.parsed(value)
        if isinstance(value, dict) and value:
            waiting.extend((f"{name}.{key}".strip("."), inner) for key, inner in value.items())
        elif isinstance(value, list) and value:
            waiting.extend((name, inner) for inner in value)
        else:
            value = None if value in ({}, []) else value
            said = value if isinstance(value, str) else json.dumps(value)
            told.append(f"{name} {said}"[: LIMITS.text].replace("\n", " "))
    return "; ".join(told)


def _weight(match: re.Match[str] | None) -> int:
    return max(1, min(int(match[1]), LIMITS.repeat)) if match is not None else 1


def recount(spec: Mapping[str, object], lines: Iterable[Line]) -> Recount:
    """Count the cited lines again.

    Args:
        spec: of the finding: its subject, signature, count and number of lines.
        lines: the cited lines, as they are stored, in the order of their citation.

    Returns:
        Passed if every line says the signature of the subject and they add up to the count;
        failed if one does not, or the sum is another; inconclusive if the spec cannot be read
        or lines are missing.
    """
    signature, expected = spec.get("signature"), spec.get("count")
    subject, cited = spec.get("subject", ""), spec.get("lines")
    if not (
        isinstance(signature, str)
        and signature
        and isinstance(subject, str)
        and isinstance(expected, int)
        and isinstance(cited, int)
    ):
        return Recount("inconclusive", 0, 0, "The check does not say what to count.")
    pattern = _says(signature)
    seen: set[tuple[int, int]] = set()
    before: dict[str, Line] = {}
    count = 0
    for line in lines:
        if (line.position, line.number) in seen:
            continue
        seen.add((line.position, line.number))
        text = _fields(line.text) or line.text[: LIMITS.text].rstrip("\r\n")
        fault, weight = _read(line, text, pattern, subject, before.get(line.source))
        if fault:
            reason = f"Line {line.position}#{line.number} {fault}."
            return Recount("failed", count, expected, reason)
        count += weight
        before[line.source] = line
    outcome, reason = "passed", f"All {cited:,} cited lines say it, {count:,} in all."
    if len(seen) < cited:
        outcome, reason = "inconclusive", f"Only {len(seen):,} of {cited:,} cited lines were read."
    elif count != expected or len(seen) > cited:
        reason = f"{len(seen):,} lines add up to {count:,}, not {expected:,} in {cited:,} lines."
        outcome = "failed"
    return Recount(outcome, count, expected, reason)


def _read(
    line: Line, text: str, pattern: re.Pattern[str], subject: str, before: Line | None
) -> tuple[str, int]:
    """What speaks against a cited line (empty if nothing does), and its weight."""
    last = _LAST_REPEATED.match(text)
    if last is not None:
        follows = before is not None and _follows(before, line)
        return ("" if follows else "repeats a line that is not cited"), _weight(last)
    if pattern.search(text) is None:
        return "does not say the signature", 0
    if subject and not _mentions(text, subject):
        return f"does not name {subject}", 0
    return "", _weight(_REPEATED.match(text))


def _follows(known: Line, line: Line) -> bool:
    return known.position != line.position or known.number < line.number
