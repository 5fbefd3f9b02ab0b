"""Which address of a line is the one that asks: by its key or the word before it.

What somebody asks for can hold text of their own making (a user name that reads `x from
192.0.2.1`), so of several prepositions the last counts, and where a key and a preposition of
running text disagree none does: naming nobody beats naming an innocent.
"""

from collections.abc import Sequence

from services.cognition.statistical.lines.mask import HOST, IP
from services.cognition.statistical.lines.token import Token
from services.cognition.statistical.lines.words import words

_OPEN = frozenset("\"'`([</@#")
_SLOTS = frozenset({IP, HOST})
KEY, BEFORE, WEAK, ACCESS, BARE, TO = "key", "before", "weak", "access", "bare", "to"


def _name(token: Token, sign: str) -> str:
    """What the word in front of an address makes of it; `sign` is what stands between them."""
    known, parts = words(), {token.low, *token.parts()}
    told = {
        TO: not parts.isdisjoint(known.destination_keys)
        or (not sign and token.low in known.destination_prepositions),
        KEY: not (parts if sign else {token.low}).isdisjoint(known.source_keys),
        BEFORE: not sign and token.low in known.source_prepositions,
        ACCESS: not sign and token.low in known.access_prepositions,
        WEAK: not (parts if sign else {token.low}).isdisjoint(known.weak_source_keys),
    }
    return next((name for name, true in told.items() if true), "")


def role(found: Sequence[Token], at: int) -> str:
    """The role of the address `found[at]`; BARE if nothing gives it one."""
    place, sign = at - 1, ""
    glued = zone = False
    while place >= 0 and at - place < 8:
        token = found[place]
        if token.text in {"->", "=>", ">"} and not sign:
            return TO
        if token.text in _OPEN:
            glued = glued or token.text in "[(@/"
        elif token.text in {"=", ":"} and not sign:
            sign = token.text
        elif token.word or token.text in _SLOTS:
            named = _name(token, sign) if token.word else ""
            if named and not (zone and named != KEY):
                return named
            if not glued and (zone or sign != ":"):
                return BARE
            # `from name[address]`, `src zone:address`: it is the word before that tells
            zone, glued, sign = zone or not glued, False, ""
        else:
            return BARE
        place -= 1
    return BARE


def roles(found: Sequence[Token]) -> list[str]:
    """The role of each address and host of a line, in their order."""
    return [role(found, at) for at, token in enumerate(found) if token.text in _SLOTS]


def asker(named: Sequence[str], access: bool, structured: bool) -> tuple[int, ...]:
    """Which address (its index) asks; empty if none does, two that have to be equal.

    Args:
        named: the roles of the line's addresses.
        access: the line tells of somebody getting in.
        structured: the line is JSON, where text cannot pass for a key.
    """
    keys = [at for at, name in enumerate(named) if name == KEY]
    before = [at for at, name in enumerate(named) if name == BEFORE]
    if keys and before and not structured:
        return keys[0], before[-1]
    if keys:
        return (keys[0],)
    if before:
        return (before[-1],)
    for kind in (WEAK, ACCESS, BARE) if access else (WEAK,):
        some = [at for at, name in enumerate(named) if name == kind]
        if some and (kind != BARE or len(some) == len(named) == 1):
            return (some[-1],)
    return ()
