"""Which word of a line decides what it tells of, and how."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.cognition.statistical.lines.mask import PATH, ZERO
from services.cognition.statistical.lines.token import Token
from services.cognition.statistical.lines.words import words

BLAME, FAULT, WEAK, SUCCESS = "blame", "fault", "weak", "success"
_RANK = {"": 0, WEAK: 1, FAULT: 2, BLAME: 3}
_MARKS = frozenset("\"'=:<(")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a line's words decide.

    Attributes:
        kind: 'blame' (what an asker can be held to), 'fault' (the program's own), 'weak'
            (failing only by the line's level), or '' for no failure.
        at, width: the failing word's place, and of how many words it is.
        succeeded: a word of success came before any failing one.
    """

    kind: str
    at: int
    width: int
    succeeded: bool


def verdict(found: Sequence[Token], level: str) -> Verdict:
    """The first word that can be blamed on an asker, else the first fault, else a weak one."""
    best, place, width, succeeded = "", -1, 1, False
    passed = -1
    for at, token in enumerate(found):
        if not token.word or at <= passed:
            continue
        kind, wide = _kind(found, at, level)
        if not kind or _is_level(found, at) or _negated(found, at, wide):
            continue
        if kind == SUCCESS:
            succeeded = succeeded or not best
            continue
        passed = at + wide - 1
        if _RANK[kind] > _RANK[best]:
            best, place, width = kind, at, wide
        if kind == BLAME:
            break
    return Verdict(best, place, width, succeeded)


def _kind(found: Sequence[Token], at: int, level: str) -> tuple[str, int]:
    """What the word at `at` tells of, and of how many words that is."""
    known, low = words(), found[at].low
    pair = (low, found[at + 1].low if at + 1 < len(found) else "")
    serious = level in {"error", "warning"}
    if pair in known.pairs or (serious and pair in known.weak_pairs):
        blame = low == "not" and pair in known.pairs
        return (BLAME if blame else FAULT if pair in known.pairs else WEAK), 2
    lists = ((known.blame, BLAME), (known.fault, FAULT), (known.success, SUCCESS))
    kind = next((name for some, name in lists if low in some), "")
    if not kind and serious and low in known.weak:
        kind = WEAK
    return kind or (_named(found[at]) if low.isascii() else _inside(low)), 1


def _inside(low: str) -> str:
    """What a run of letters without spaces tells of."""
    known = words()
    if any(word in low for word in known.failing_inside):
        return BLAME
    return SUCCESS if any(word in low for word in known.success_inside) else ""


def _named(token: Token) -> str:
    """What a name of several parts tells of: `login_failed`, `ConnectException`."""
    known, parts = words(), token.parts()
    last = known.singular(parts[-1]) if len(parts) > 1 else ""
    if last not in known.suffixes or not known.negators.isdisjoint(parts):
        return ""
    return BLAME if last.startswith("fail") else FAULT


def _is_level(found: Sequence[Token], at: int) -> bool:
    """Whether the word is only the value of a level's key, or a label such as `error:`."""
    if found[at].low not in words().levels:
        return False
    before = [token for token in found[max(0, at - 5) : at] if token.text not in "\"'"]
    if len(before) > 1 and before[-1].text in {"=", ":"}:
        key = before[-2]
        return not {key.low, *key.parts()}.isdisjoint(words().level_keys)
    return at == 0 and len(found) > 1 and found[1].text == ":"


def _negated(found: Sequence[Token], at: int, width: int) -> bool:
    """Whether it reads `no error`, `0 errors`, `errors=0`, `error: null` or the like."""
    known = words()
    before = found[at - 1] if at else None
    if before is not None and (before.low in known.negators or before.text == ZERO):
        return True
    place = at + width
    while place < len(found) and found[place].text in _MARKS:
        place += 1
    marks = "".join(token.text for token in found[at + width : place])
    key = marks.startswith('":') or "=" in marks
    if place == len(found) or marks.endswith(('=""', ':""', "=''")):
        return key
    after = found[place]
    alone = place + 1 == len(found) or not found[place + 1].word
    empty = alone and (key or ":" in marks) and after.low in known.nothing
    nothing = after.text == ZERO or empty
    counter = key and after.varies and after.text != PATH
    return nothing or counter
