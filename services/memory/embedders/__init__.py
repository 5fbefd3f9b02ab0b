"""What makes texts comparable: one vector a text, alike for texts that mean alike."""

from domain.ports import Embedder
from services.memory.settings import MemorySettings


def chosen(settings: MemorySettings) -> Embedder:
    """Return the embedder of the settings; nothing is loaded yet."""
    match settings.embedder:
        case "minilm":
            from services.memory.embedders.minilm import MiniLmEmbedder

            return MiniLmEmbedder()
        case "openai":
            from services.memory.embedders.openai import OpenAiEmbedder

            asked = settings.openai
            key = asked.api_key.get_secret_value() if asked.api_key else None
            return OpenAiEmbedder(
                asked.base_url, asked.model, asked.dimension,
                api_key=key, timeout_secs=asked.timeout_secs,
            )  # fmt: skip
        case "hashing":
            from services.memory.embedders.hashing import HashingEmbedder

            return HashingEmbedder()
