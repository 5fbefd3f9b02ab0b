"""A BERT encoder in numpy: what it takes to run a small sentence model, and nothing else.

Devlin et al., 2018 (arXiv:1810.04805); the mean of the last layer's tokens stands for the text, as
in Reimers and Gurevych, 2019 (arXiv:1908.10084).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_EPSILON: Final = 1e-12
_ERF: Final = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
_ERF_STEP: Final = 0.3275911
"""Abramowitz and Stegun 7.1.26: within 2e-7, which is what a float32 can hold."""


@dataclass(frozen=True, slots=True)
class _Linear:
    """Rows times `weight`, plus `bias`."""

    weight: Floats
    bias: Floats

    def __call__(self, rows: Floats) -> Floats:
        made: Floats = rows @ self.weight
        made += self.bias
        return made


@dataclass(frozen=True, slots=True)
class _Norm:
    """Each row to mean 0 and variance 1, then scaled."""

    weight: Floats
    bias: Floats

    def __call__(self, rows: Floats) -> Floats:
        centred: Floats = rows - rows.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        centred /= np.sqrt(variance + np.float32(_EPSILON))
        centred *= self.weight
        centred += self.bias
        return centred


@dataclass(frozen=True, slots=True)
class _Layer:
    """Attention, then two linear steps, each added to what came in."""

    attended: _Linear
    """Queries, keys and values in one."""
    joined: _Linear
    after_attention: _Norm
    widened: _Linear
    narrowed: _Linear
    after_widening: _Norm

    def __call__(self, rows: Floats, heads: int) -> Floats:
        tokens, width = rows.shape
        split = self.attended(rows).reshape(tokens, 3, heads, width // heads)
        queries, keys, values = split.transpose(1, 2, 0, 3)
        scale = np.float32(math.sqrt(width // heads))
        weights = _softmax(queries @ keys.transpose(0, 2, 1) / scale)
        heard = (weights @ values).transpose(1, 0, 2).reshape(tokens, width)
        rows = self.after_attention(rows + self.joined(heard))
        return self.after_widening(rows + self.narrowed(_gelu(self.widened(rows))))


class Bert:
    """The encoder. Safe to use from any thread."""

    def __init__(self, tensors: Mapping[str, Floats], *, layers: int, heads: int) -> None:
        """Take the tensors of a model under the names Hugging Face gives them.

        Raises:
            KeyError: one is missing.
        """
        self._heads = heads
        self._words = tensors["embeddings.word_embeddings.weight"]
        # every text is one segment: its vector is added to every position once and for all
        self._positions = (
            tensors["embeddings.position_embeddings.weight"]
            + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _norm(tensors, "embeddings.LayerNorm")
        self._layers = [_layer(tensors, f"encoder.layer.{number}") for number in range(layers)]

    def encode(self, tokens: Sequence[int]) -> Floats:
        """Return the vector of one text, of length 1.

        One at a time: a batch would be padded, and its sums would depend on what is in it.
        """
        rows = self._norm(self._words[list(tokens)] + self._positions[: len(tokens)])
        for layer in self._layers:
            rows = layer(rows, self._heads)
        mean: Floats = rows.mean(axis=0)
        return mean / np.linalg.norm(mean)


def _layer(tensors: Mapping[str, Floats], name: str) -> _Layer:
    asked = ("query", "key", "value")
    three = [_linear(tensors, f"{name}.attention.self.{part}") for part in asked]
    return _Layer(
        attended=_Linear(
            np.concatenate([each.weight for each in three], axis=1),
            np.concatenate([each.bias for each in three]),
        ),
        joined=_linear(tensors, f"{name}.attention.output.dense"),
        after_attention=_norm(tensors, f"{name}.attention.output.LayerNorm"),
        widened=_linear(tensors, f"{name}.intermediate.dense"),
        narrowed=_linear(tensors, f"{name}.output.dense"),
        after_widening=_norm(tensors, f"{name}.output.LayerNorm"),
    )


def _linear(tensors: Mapping[str, Floats], name: str) -> _Linear:
    weight = np.ascontiguousarray(tensors[f"{name}.weight"].T)
    return _Linear(weight, tensors[f"{name}.bias"])


def _norm(tensors: Mapping[str, Floats], name: str) -> _Norm:
    return _Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _softmax(rows: Floats) -> Floats:
    made: Floats = np.exp(rows - rows.max(axis=-1, keepdims=True))
    made /= made.sum(axis=-1, keepdims=True)
    return made


def _gelu(rows: Floats) -> Floats:
    """Return x times the share of a normal distribution below x."""
    size = np.abs(rows) / np.float32(math.sqrt(2))
    step = 1 / (1 + np.float32(_ERF_STEP) * size)
    polynomial = np.zeros_like(step)
    for factor in _ERF:
        polynomial = (polynomial + np.float32(factor)) * step
    tail = polynomial * np.exp(-np.square(size)) / 2
    made: Floats = rows * np.where(rows < 0, tail, 1 - tail)
    return made
