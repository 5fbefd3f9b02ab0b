"""Whether a failure can be held against whoever asked, and not against this side."""

from collections.abc import Sequence

from services.cognition.statistical.phrase import Phrase
from services.cognition.statistical.token import Token
from services.cognition.statistical.words import words


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
    if signature and not known.outgoing.isdisjoint(signature.text.lower().split()):
        return True
    for at, token in enumerate(found):
        if not token.word:
            continue
        if token.low in known.outgoing_always:
            return True
        if token.low in known.outgoing and not access:
            following = found[at + 1].low if at + 1 < len(found) else ""
            if token.low not in known.either_way or following not in known.source_prepositions:
                return True
    return False


def own_fault(found: Sequence[Token]) -> bool:
    """Whether the line tells of a fault of the program itself."""
    return any(token.low in words().own for token in found)


def turned_away(found: Sequence[Token]) -> bool:
    """Whether it says that somebody was refused."""
    return any(token.low in words().refusal for token in found)
