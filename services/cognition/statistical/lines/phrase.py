"""A failure's signature: the failing word and its constant neighbour, from one line alone.

That one line is enough makes it the same for any history, and lets a check find it again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.cognition.statistical.lines.token import Token
from services.cognition.statistical.lines.words import words

_SKIP = frozenset("\"'`()[]<>*#")
WORD = 48
"""Characters of a word that a signature keeps."""
_WIDE = 8


@dataclass(frozen=True, slots=True)
class Phrase:
    """A signature.

    Attributes:
        text: its words as the line has them; ` * ` stands for what varies.
        key: the same in lower case, with `-` for anything between words: what counts go by.
    """

    text: str
    key: str


def slug(text: str, most: int = 96) -> str:
    """`text` in lower case, with `-` for all that is no letter, digit, `.`, `:` or `_`."""
    return re.sub(r"[^\w.:]+", "-", text.lower()).strip("-")[:most].strip("-") or "any"


def key_of(text: str) -> str:
    """The key of the signature with that text."""
    singular = words().singular
    return slug(" ".join(singular(word) for word in text.lower().split() if word != "*"))


def phrase(chosen: Sequence[Token | None]) -> Phrase:
    """The signature of these tokens, None for what varies between them."""
    text = " ".join("*" if token is None else token.text[:WORD] for token in chosen)
    return Phrase(text, key_of(text))


def _walk(found: Sequence[Token], at: int, step: int) -> list[Token | None]:
    """From the failing word to the nearest content word of its clause; empty if it has none."""
    stop, prepositions = words().stop, words().prepositions
    passed: list[Token | None] = []
    place, end = at + step, at + step * _WIDE
    while 0 <= place < len(found) and place != end:
        token = found[place]
        if token.varies:
            passed += [None] if passed[-1:] != [None] else []
        elif not token.word:
            if token.text not in _SKIP:
                return []
        elif _quoted(found, place):
            passed += [None] if passed[-1:] != [None] else []
        elif token.low in prepositions:
            if step > 0:
                return []
            passed += [None] if passed[-1:] != [None] else []
        elif token.low in stop:
            passed.append(token)
        else:
            return [*passed, token]
        place += step
    return []


def _quoted(found: Sequence[Token], at: int) -> bool:
    """Whether it is a name between quotes, which varies, and no key."""
    if not 0 < at < len(found) - 1 or found[at - 1].text not in "\"'`":
        return False
    key = at + 2 < len(found) and found[at + 2].text in "=:"
    return found[at + 1].text == found[at - 1].text and not key


def _key(found: Sequence[Token], at: int) -> Token | None:
    """The key whose value the word at `at` is."""
    place, sign = at - 1, False
    while place >= 0 and found[place].text in "\"'=:":
        sign = sign or found[place].text in "=:"
        place -= 1
    return found[place] if sign and place >= 0 and found[place].word else None


def _head(found: Sequence[Token], at: int) -> list[Token | None]:
    """What a description belongs to: `closed by` an invalid user is not `invalid user` itself."""
    if not at or found[at - 1].low not in words().belonging:
        return []
    before = _walk(found, at - 1, -1)
    return [*before[::-1], found[at - 1]] if before else []


def around(found: Sequence[Token], at: int, width: int = 1) -> tuple[Phrase, Phrase, Token | None]:
    """The signature at the failing word(s) `found[at : at + width]`.

    Returns:
        The signature; the one to use if its neighbour turns out to vary; the neighbour.
    """
    anchor: list[Token | None] = list(found[at : at + width])
    before = _walk(found, at, -1)[::-1]
    after = _walk(found, at + width - 1, 1)
    first = found[at]
    leads = first.low in words().leading or (
        before[1:2] == [None] and bool(after)  # `x in error state`: of a state, not of an x
    )
    bare = phrase(anchor)
    back = phrase([*before, *anchor]) if before else None
    forth = phrase([*anchor, *after]) if after else None
    if leads and forth:
        verb = any(token is not None and token.low == "to" for token in after[:-1])
        head = _head(found, at)
        if head:
            return phrase([*head, *anchor, *after]), forth, head[0]
        return forth, back or bare, None if verb else after[-1]
    if back:
        return back, forth or bare, before[0]
    if forth:
        return forth, bare, after[-1]
    rest = found[at + width : at + width + 2]
    if len(rest) == 2 and rest[0].low in words().prepositions and rest[1].word:
        return phrase([*anchor, *rest]), bare, rest[1]
    key = _key(found, at)
    return (bare if key is None else phrase([key, *anchor])), bare, None


def opening(found: Sequence[Token], most: int = 4) -> Phrase | None:
    """The first words of a message that has a level but no failing word; None without words."""
    chosen: list[Token | None] = []
    count = 0
    for token in found:
        if not chosen and token.low in words().prepositions:
            continue
        if token.word:
            chosen.append(token)
            count += 1
            if count == most:
                break
        elif chosen and token.varies:
            if count > 1:
                break
            chosen += [None] if chosen[-1:] != [None] else []
        elif chosen and token.text in ":;,{}|=" and count > 1:
            break
    while chosen and chosen[-1] is None:
        chosen.pop()
    return phrase(chosen) if chosen else None
