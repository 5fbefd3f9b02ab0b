"""The embedder without a model: the same everywhere, and alike for what shares words."""

import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.memory.embedders.hashing import HashingEmbedder

EMBEDDER = HashingEmbedder()


@given(st.lists(st.text(), max_size=5))
def test_every_text_has_a_vector_of_length_one_or_none_at_all(texts: list[str]) -> None:
    rows = EMBEDDER.embed(texts)

    assert rows.shape == (len(texts), 384)
    assert rows.dtype == np.float32
    lengths = np.linalg.norm(rows, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))


@given(st.text(), st.lists(st.text(), max_size=5))
def test_a_text_has_the_same_vector_whatever_it_comes_with(text: str, others: list[str]) -> None:
    alone = EMBEDDER.embed([text])[0]

    assert np.array_equal(EMBEDDER.embed([*others, text])[-1], alone)


def test_texts_that_share_words_are_nearer_than_others() -> None:
    asked, same, other = EMBEDDER.embed(
        ["failed login of root", "root: login failed", "the disk is nearly full"]
    )

    assert asked @ same > 0.6 > 0.2 > asked @ other


def test_the_vectors_never_change_between_versions() -> None:
    rows = EMBEDDER.embed(["failed login of root"])

    assert zlib.crc32(np.round(rows * 1e4).astype("<i4").tobytes()) == CHECKSUM


CHECKSUM = 997459514
"""Another means another `id`: vectors of both would be compared."""
