"""Where a model is and how it is asked: `[thinkers.NAME]` in `perpetua.toml`."""

import ssl
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

OPENAI_HOSTS = (".openai.com", ".openai.azure.com")


class Price(BaseModel):
    """What a model costs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_micro_usd: int = Field(ge=0)
    """Millionths of a US dollar for a million tokens read."""
    output_micro_usd: int = Field(ge=0)
    """Millionths of a US dollar for a million tokens written."""


class OpenAISettings(BaseModel):
    """One model behind one OpenAI-compatible server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Literal["openai"] = "openai"
    """Kind of thinker."""
    base_url: str
    """Where the API is, up to and with its version: `https://HOST/v1`."""
    model: str = Field(min_length=1, max_length=128)
    """Model to ask for."""
    api_key: SecretStr | None = None
    """Sent as bearer token; null: none is sent, whatever the environment holds."""
    timeout_secs: float = Field(default=60, gt=0, le=3_600)
    """How long one call may take. It is reserved as cpu milliseconds, so a persona whose policy
    allows fewer in a minute hangs up after those."""
    max_tokens: int = Field(default=1_024, ge=64, le=32_768)
    """Most tokens an answer may have, reserved before each call."""
    max_tokens_parameter: Literal["max_tokens", "max_completion_tokens"] | None = None
    """What the server calls that; null: the second for OpenAI's own hosts, else the first."""
    concurrency: int = Field(default=8, ge=1, le=1_024)
    """Calls under way at a time; of thinkers that share a server the least counts."""
    retries: int = Field(default=2, ge=0, le=10)
    """Calls made again after a fault that may pass, each with a reservation of its own."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """How freely words are chosen; null: as the server does."""
    structured: Literal["json_schema", "json_object", "text"] = "json_schema"
    """How the form of an answer is asked for: the server keeps the schema, or keeps to JSON, or
    is asked in words."""
    price: Price | None = None
    """What the model costs; null: as the table in `prices.toml` says."""
    fallback: Literal["statistical"] | None = "statistical"
    """Who thinks when no answer comes; null: nobody, the step is taken again later."""
    ca_file: Path | None = None
    """PEM file of the authorities trusted; null: the system's."""

    @property
    def limit_parameter(self) -> str:
        """What the server calls the most tokens of an answer."""
        host = urlsplit(self.base_url).hostname or ""
        own = f".{host}".endswith(OPENAI_HOSTS)
        return self.max_tokens_parameter or ("max_completion_tokens" if own else "max_tokens")

    @field_validator("base_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        """Return the URL without a closing slash."""
        try:
            parts = urlsplit(value)
            whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            whole = False
        if not whole or not value.isprintable() or " " in value:
            raise ValueError("give a URL like https://HOST/v1 or http://127.0.0.1:11434/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("give the URL alone, without user, `?` or `#`; a key is api_key")
        return value.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _is_header(cls, value: SecretStr | None) -> SecretStr | None:
        """Return the key; an empty one is none."""
        key = value.get_secret_value().strip() if value else ""
        if not key:
            return None
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("a key is one word of ASCII; look for a quote or a line end in it")
        return SecretStr(key)

    @field_validator("ca_file")
    @classmethod
    def _has_authorities(cls, value: Path | None) -> Path | None:
        """Return the file; a wrong one is found at start, not at the first call."""
        if value is not None:
            try:
                ssl.create_default_context(cafile=value)
            except OSError as wrong:  # those of ssl are too
                raise ValueError(f"give a PEM file of certificates ({wrong})") from None
        return value
