"""Settings of the bus: how Kafka is spoken to."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class BusSettings(BaseModel):
    """How Kafka is spoken to, and what its topics are made with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client: Literal["kafka-python", "librdkafka"] = "kafka-python"
    """Library to use; librdkafka is faster and needs the extra of that name (ADR 8)."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How connections are secured."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    """How to log in, for the SASL protocols."""
    sasl_username: str | None = None
    """Who logs in."""
    sasl_password: SecretStr | None = None
    """Their password."""
    ssl_ca: Path | None = None
    """PEM file of the authorities trusted; null: the system's."""
    ssl_certificate: Path | None = None
    """PEM file of our certificate, for brokers that ask for one; `ssl_key` has its key."""
    ssl_key: Path | None = None
    """PEM file of the certificate's key."""
    ssl_key_password: SecretStr | None = None
    """Password of the key, if it has one."""
    ssl_check_hostname: bool = True
    """Whether a broker's certificate must name its host."""
    replicas: int | None = Field(default=None, ge=1)
    """Copies of each partition of new topics; null: the broker's default."""
    min_insync_replicas: int | None = Field(default=None, ge=1)
    """Copies that must have an event before it counts; null: the broker's default."""
    create_topics: bool = True
    """Whether the relay makes topics that are missing."""
    connect_timeout_ms: int = Field(default=10_000, ge=100)
    """How long Kafka may take to answer at first, before it counts as out of reach."""
    transaction_timeout_ms: int = Field(default=10_000, ge=1_000)
    """How long a transaction of a relay that hangs holds up readers."""
    session_timeout_ms: int = Field(default=10_000, ge=6_000)
    """How long a member of a group that died keeps its partitions (brokers take 6 s or more)."""
