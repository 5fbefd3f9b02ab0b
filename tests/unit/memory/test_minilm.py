"""MiniLM, run by numpy, is the model it says it is, and finds what is said in other words."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.ports import Embedder
from services.memory.embedders.hashing import HashingEmbedder
from services.memory.embedders.minilm import MiniLmEmbedder
from services.memory.errors import EmbedderUnavailable

PAIRS = Path(__file__).parents[2] / "memory_paraphrases.tsv"
"""A memory, how one asks for it, and how one may say it without any word in common."""


@pytest.fixture(scope="module")
def minilm() -> MiniLmEmbedder:
    return MiniLmEmbedder()


def hit_at_1(embedder: Embedder, asked: list[str], memories: list[str]) -> float:
    nearest: NDArray[np.int64] = (embedder.embed(asked) @ embedder.embed(memories).T).argmax(axis=1)
    return float(np.mean(nearest == np.arange(len(memories))))


def test_its_vectors_are_those_the_model_card_gives(minilm: MiniLmEmbedder) -> None:
    first, *others = minilm.embed(
        ["That is a happy person", "That is a happy dog", "That is a very happy person",
         "Today is a sunny day"]
    )  # fmt: skip

    assert [round(float(first @ other), 3) for other in others] == [0.695, 0.943, 0.257]


def test_a_text_has_the_same_vector_to_the_bit_whatever_it_comes_with(
    minilm: MiniLmEmbedder,
) -> None:
    texts = [line.split("\t")[0] for line in PAIRS.read_text().splitlines()[:8]]
    together = minilm.embed(texts)

    assert all(
        np.array_equal(minilm.embed([t])[0], row) for t, row in zip(texts, together, strict=True)
    )


def test_any_text_is_taken_and_cut_to_what_the_model_reads(minilm: MiniLmEmbedder) -> None:
    rows = minilm.embed(["", "\0", "\ud800 half a pair", "word " * 254, "word " * 5_000])

    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.array_equal(rows[3], rows[4])


def test_what_is_said_in_other_words_is_found(minilm: MiniLmEmbedder) -> None:
    rows = [line.split("\t") for line in PAIRS.read_text().splitlines()]
    memories, reworded, without_common_words = (list(column) for column in zip(*rows, strict=True))
    assert len(set(memories)) == len(set(reworded)) == 200

    assert hit_at_1(minilm, reworded, memories) >= 0.8
    assert hit_at_1(minilm, without_common_words, memories) >= 0.55
    assert hit_at_1(HashingEmbedder(), without_common_words, memories) < 0.1


def test_a_model_that_is_not_installed_is_told_in_one_line() -> None:
    with pytest.raises(EmbedderUnavailable, match="not installed: run `make setup`"):
        MiniLmEmbedder("a_wheel_nobody_installed").embed(["text"])


def test_files_that_are_no_model_are_told_in_one_line() -> None:
    with pytest.raises(EmbedderUnavailable, match="can't be read") as told:
        MiniLmEmbedder("json").embed(["text"])

    assert "\n" not in str(told.value)
