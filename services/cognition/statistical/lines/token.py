"""A shape cut into words, variables and punctuation."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from services.cognition.statistical.lines.mask import HOST, IP, NUMBER, PATH, ZERO
from services.cognition.statistical.lines.words import words

_VARIES = NUMBER + PATH + ZERO
_TOKEN = re.compile(
    rf"[{IP}{HOST}]|(?<![\w.\-])[\w.\-]*[{_VARIES}][\w.\-{_VARIES}]*"
    r"|[^\W\d]\w*(?:['\u2019.\-/$][^\W_]\w*)*(?:\(\))?|\w+|->|=>|[^\w\s]"
)
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+")
_SIGNS = frozenset(_VARIES + IP + HOST)
MOST = 400
"""Tokens of a line that are looked at."""


@lru_cache(maxsize=4_096)
def parts_of(text: str) -> tuple[str, ...]:
    """The parts of a name in lower case: `remoteAddr` and `remote_addr` are remote and addr."""
    return tuple(part.lower() for part in _PARTS.findall(text))


class Token(NamedTuple):
    """One token.

    Attributes:
        text: as it stands.
        low: in lower case, a failing word in the singular.
        start, end: where in the shape.
        word: it is a word.
        varies: it is a variable, or holds one; neither of both is punctuation.
    """

    text: str
    low: str
    start: int
    end: int
    word: bool
    varies: bool

    def parts(self) -> tuple[str, ...]:
        """Its parts, as `parts_of` has them."""
        return parts_of(self.text)


@lru_cache(maxsize=8_192)
def _sort(text: str) -> tuple[str, bool, bool]:
    """What a token is in lower case, whether it is a word, and whether it varies."""
    varies = text[0].isdigit() or not _SIGNS.isdisjoint(text)
    word = not varies and (text[0].isalpha() or text[0] == "_")
    return words().singular(text.lower()), word, varies


def tokens(shape: str) -> Sequence[Token]:
    """The tokens of a masked line, at most 400 of them."""
    found: list[Token] = []
    for match in islice(_TOKEN.finditer(shape), MOST):
        text = match[0]
        low, word, varies = _sort(text)
        found.append(Token(text, low, match.start(), match.end(), word, varies))
    return found
