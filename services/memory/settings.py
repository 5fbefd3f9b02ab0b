"""Settings of memory: what compares texts, and what counts in a search."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class OpenAiEmbeddings(BaseModel):
    """Where embeddings are asked for, if `memory.embedder` is openai."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = "https://api.openai.com/v1"
    """Where the API is, up to and with its version."""
    model: str = "text-embedding-3-small"
    """Model to ask for."""
    dimension: int = Field(default=1536, ge=1, le=4000)
    """Numbers in each of its vectors; pgvector indexes up to 4,000."""
    api_key: SecretStr | None = None
    """Sent as bearer token."""
    timeout_secs: float = Field(default=10.0, gt=0)
    """How long one answer may take."""


class Weights(BaseModel):
    """What counts for how much where memory is searched; only how they compare matters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    similarity: float = Field(default=0.8, gt=0)
    """How alike it is to the query."""
    recency: float = Field(default=0.1, ge=0)
    """How long ago it was last thought."""
    value: float = Field(default=0.1, ge=0)
    """How much it was worth when it was thought."""


class MemorySettings(BaseModel):
    """How memory is searched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedder: Literal["minilm", "hashing", "openai"] = "minilm"
    """What makes texts comparable; another one than before makes all vectors anew."""
    openai: OpenAiEmbeddings = OpenAiEmbeddings()
    """Where embeddings are asked for, if that is openai."""
    weights: Weights = Weights()
    """What counts for how much."""
    half_life_hours: float = Field(default=24.0, gt=0)
    """Age at which recency has halved."""
