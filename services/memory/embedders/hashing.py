"""An embedder without a model: texts are alike that share words and parts of words.

Feature hashing with signs: Weinberger et al., 2009 (arXiv:0902.2206); parts of words as in
Bojanowski et al., 2017 (arXiv:1607.04606).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

_WORD: Final = re.compile(r"\w+")
_PARTS: Final = (3, 4)
"""Characters of the parts of a word, its ends marked."""
_WORD_WEIGHT: Final = 1.0
_PART_WEIGHT: Final = 0.4


class HashingEmbedder:
    """Deterministic on every machine; needs nothing."""

    dimension = 384
    batch = 256
    id = f"hashing-1:{dimension}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, of length 1; a text without words is all zeros."""
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature, count in Counter(_features(text)).items():
                digest = crc32(feature.encode("utf-8", "surrogatepass"))
                weight = _WORD_WEIGHT if feature[0] == "<" and feature[-1] == ">" else _PART_WEIGHT
                sign = 1 if digest & 1 else -1  # else what collides would always add up
                row[(digest >> 1) % self.dimension] += sign * weight * count**0.5
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        np.divide(rows, lengths, out=rows, where=lengths > 0)
        return rows


def _features(text: str) -> Iterator[str]:
    """Yield the words of a text as `<word>`, and their parts."""
    for word in _WORD.findall(text.casefold()):
        whole = f"<{word}>"
        yield whole
        for size in _PARTS:
            if size < len(whole):
                yield from (whole[i : i + size] for i in range(len(whole) - size + 1))
