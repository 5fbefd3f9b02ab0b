"""Whether a failure can be held against whoever asked, and not against this side."""

from collections.abc import Sequence

from services.cognition.statistical.lines.phrase import Phrase
from services.cognition.statistical.lines.token import Token
from services.cognition.statistical.lines.words import words


def getting_in(found: Sequence[Token]) -> bool:
    """Whether the line tells of somebody getting in: a login, a password, an account."""
    known = words()
    return any(
        not known.access.isdisjoint((token.low, *token.parts()))
        or (not token.low.isascii() and any(word in token.low for word in known.access_inside))
        for token in found
        if token.word
    )


def goes_out(found: Sequence[Token], shape: str, access: bool, signature: Phrase | None) -> bool:
    """Whether the line tells of a party that this side asked.

    Where somebody tries to get in, a word that tells so counts only in the signature itself:
    elsewhere it may be a user's name.
    """
    known, low = words(), shape.lower()
    if any(text in low for text in known.outgoing_errors):
        return True
    named = set(signature.text.lower().split()) if signature else set()
    either = known.outgoing | known.outgoing_always
    for at, token in enumerate(found):
        if not token.word or token.low not in either:
            continue
        following = found[at + 1].low if at + 1 < len(found) else ""
        comes_in = token.low in known.either_way and following in known.source_prepositions
        believed = not access or token.low in named or token.low in known.outgoing_always
        if believed and not comes_in:
            return True
    return False


def own_fault(found: Sequence[Token]) -> bool:
    """Whether the line tells of a fault of the program itself."""
    return any(token.low in words().own for token in found)


def turned_away(found: Sequence[Token]) -> bool:
    """Whether it says that somebody was refused."""
    return any(token.low in words().refusal for token in found)
