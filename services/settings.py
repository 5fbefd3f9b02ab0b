"""Settings: flag > variable > `perpetua.toml` > default. Wrong ones are refused in one line."""

import os
import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSetting

from domain.asking import REPLY
from services.cognition.openai.settings import OpenAISettings
from services.cognition.thinkers import ALWAYS_THERE, STATISTICAL
from services.commands.lifecycle import Ceilings
from services.inputs.settings import InputSettings
from services.memory.settings import MemorySettings

FILE = "perpetua.toml"
OPENAI = "openai"
"""Name of the thinker that PERPETUA_LLM_BASE_URL makes."""
_SECRET = re.compile("key|token|password|database_url")
_SECRETIVE = re.compile("[@?]")
"""A URL with one of these may hold a password or a key."""
ROOT_HOME = Path("/var/lib/perpetua")
Risk = Literal["low", "medium", "high", "critical"]


def default_home() -> Path:
    """Return the home folder nobody set: root's must be readable by the database's user."""
    return ROOT_HOME if os.geteuid() == 0 else Path.home() / ".perpetua"


class SettingsError(Exception):
    """A setting is wrong; the message says which and what to do."""


class Rule(BaseModel):
    """One thing the policy allows; what no rule allows is denied."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str
    """Tool it speaks of."""
    targets: tuple[str, ...] = ("*",)
    """Shell patterns, one of which the target must match: `*` any, else part by part."""
    max_risk: Risk = "low"
    """Highest assessed risk it allows."""
    needs_approval: bool = False
    """Whether a person must approve even below high risk, whatever other rules say."""


class Tool(BaseModel):
    """One tool personas may propose to use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actuator: Literal["file", "reply"] = "file"
    """What carries it out: `file` appends to a file, `reply` answers a question."""
    risk: Risk = "high"
    """Least risk of using it."""
    file: str | None = None
    """For the file actuator: the one file it appends to, whatever the target; null: the target."""
    does: str = ""
    """What it does, in words: what a model is told of it."""


class GateSettings(BaseModel):
    """What may be done, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = None
    """The only folder the file actuator writes in; null: `actions` under the home folder."""
    unseen_approvals: bool = False
    """Whether old clients may approve without saying what they had shown."""
    approval_lasts_secs: int = Field(default=3_600, ge=1)
    """How long an approval stands if it is not used."""
    tools: dict[str, Tool] = {
        "file.append": Tool(
            risk="high",
            does="Appends a line to the file that is the target: deny.list is what the firewall"
            " blocks, an address a line; arguments {line}.",
        ),
        "notify": Tool(
            risk="low",
            file="notifications.log",
            does="Tells the operator a line; the target says whom or what about; arguments {line}.",
        ),
        REPLY: Tool(actuator="reply", risk="low"),
    }
    """Tools there are."""
    allow: tuple[Rule, ...] = (
        Rule(tool="file.append", targets=("deny.list",), max_risk="high"),
        Rule(tool="notify", max_risk="low"),
        Rule(tool=REPLY, max_risk="low"),
    )
    """What the policy allows. Nothing else is."""

    @field_validator("tools")
    @classmethod
    def _replies_are_replies(cls, tools: dict[str, Tool]) -> dict[str, Tool]:
        """See that the tool that answers questions, and no other, has the actuator for it."""
        for name, tool in tools.items():
            if (name == REPLY) != (tool.actuator == "reply"):
                raise ValueError(f'{name}: the tool "{REPLY}", and no other, has actuator "reply"')
        return tools


class User(BaseModel):
    """A person with a token of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    token_sha256: str
    """SHA-256 of the token, hex: the token itself is not kept."""
    role: str = "operator"
    """operator (everything), approver (reads, approves, rejects) or viewer (reads)."""


class CognitionSettings(BaseModel):
    """How the default team thinks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loop_interval_ms: int = Field(default=100, ge=100)
    """Shortest time between two steps of one persona."""
    child_idle_ttl_secs: int = Field(default=60, ge=0)
    """Idle time after which a child the team spawned is reaped."""
    thinker: str | None = None
    """Who thinks for personas whose tags name nobody; null: the model of PERPETUA_LLM_BASE_URL,
    `statistical` without one."""


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


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix="PERPETUA_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    home: Path = Field(default_factory=default_home)
    """Folder of everything that is ours on this machine."""
    database_url: str | None = None
    """PostgreSQL to use; null: an embedded one under the home folder."""
    kafka: str | None = None
    """Kafka to publish events on, `HOST:PORT,...`; null: none."""
    bus: BusSettings = BusSettings()
    """How Kafka is spoken to."""
    lake: Path | None = None
    """Folder of the Parquet lake; null: `lake` under the home folder."""
    host: str = "127.0.0.1"
    """Address to serve on."""
    port: int = Field(default=8080, ge=0, le=65535)
    """Port to serve on; 0 for any free one."""
    token: str | None = None
    """Token of the operator; null: one is made and kept under the home folder."""
    partitions: int | None = Field(default=None, ge=1, le=1024)
    """Partitions of the event topics, fixed at first start; null: 12, or what was fixed."""
    cognition_enabled: bool = True
    """Whether the loop may be started."""
    reconcile_interval_secs: float = Field(default=60, ge=0, le=86_400)
    """How often what broke off or was left behind is mended while `up` runs; 0 for never."""
    limits: Ceilings = Ceilings()
    """Ceilings of the fabric, and of swarms nobody gave any."""
    gate: GateSettings = GateSettings()
    """What may be done."""
    cognition: CognitionSettings = CognitionSettings()
    """How the default team thinks."""
    thinkers: dict[str, OpenAISettings] = {}
    """Models that think, by name: a persona with the tag `thinker:NAME` has that one."""
    llm_base_url: str | None = None
    """Where the model is that thinks for everybody whose tags name nobody else; null: none."""
    llm_model: str | None = None
    """Which model that is."""
    llm_api_key: SecretStr | None = None
    """Its key."""
    inputs: InputSettings = InputSettings()
    """How much may come in."""
    memory: MemorySettings = MemorySettings()
    """How memory is searched."""
    cors_origins: tuple[str, ...] = ()
    """Origins of dashboards served elsewhere that browsers may let in; none by default."""
    users: tuple[User, ...] = ()
    """People with tokens of their own."""

    @property
    def models(self) -> dict[str, OpenAISettings]:
        """Models that think, by name, that of the variables as `openai`."""
        if self.llm_base_url is None or self.llm_model is None:
            return dict(self.thinkers)
        own = OpenAISettings(
            base_url=self.llm_base_url, model=self.llm_model, api_key=self.llm_api_key
        )
        return {OPENAI: own, **self.thinkers}

    @property
    def thinker_names(self) -> tuple[str, ...]:
        """Names that the tag of a persona may say."""
        return (*ALWAYS_THERE, *self.models)

    @property
    def default_thinker(self) -> str:
        """Who thinks for a persona whose tags name nobody."""
        return self.cognition.thinker or (OPENAI if self.llm_base_url else STATISTICAL)

    @model_validator(mode="after")
    def _thinkers_are_there(self) -> Self:
        if (self.llm_base_url is None) != (self.llm_model is None):
            raise ValueError("set both PERPETUA_LLM_BASE_URL and PERPETUA_LLM_MODEL, or neither")
        if self.llm_base_url and OPENAI in self.thinkers:
            raise ValueError(
                f"there are two thinkers {OPENAI!r}: rename [thinkers.{OPENAI}], or leave out"
                " PERPETUA_LLM_BASE_URL"
            )
        try:
            models = self.models
        except ValidationError as wrong:
            first = wrong.errors()[0]
            name = str(first["loc"][0]).upper()
            raise ValueError(f"PERPETUA_LLM_{name}: {_reason(first)}") from None
        taken = set(ALWAYS_THERE) & self.thinkers.keys()
        if taken:
            raise ValueError(f"thinkers.{min(taken)}: that name is taken; choose another")
        if self.default_thinker not in {STATISTICAL, *models}:
            raise ValueError(
                f"cognition.thinker: there is no [thinkers.{self.default_thinker}]; add it, or"
                f" name one of {', '.join([STATISTICAL, *models])}"
            )
        return self

    @property
    def lake_folder(self) -> Path:
        """Folder of the Parquet lake."""
        return self.lake or self.home / "lake"

    @property
    def actions_folder(self) -> Path:
        """The only folder the file actuator writes in."""
        return self.gate.folder or self.home / "actions"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: flags, variables, file."""
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, _files()),
        )


def load(**flags: Any) -> Settings:
    """Read the settings; flags that are None are as if not given.

    Raises:
        SettingsError: one of them is wrong.
    """
    try:
        return Settings(**{k: v for k, v in flags.items() if v is not None})
    except ValidationError as wrong:
        raise SettingsError(_told(wrong.errors()[0])) from None
    except UnreadableSetting as wrong:
        raise SettingsError(f"{wrong}: its variable must hold JSON") from None
    except (OSError, ValueError) as wrong:
        raise SettingsError(f"{FILE}: {wrong}") from None


def _told(error: ErrorDetails) -> str:
    """Tell what is wrong; what may be a secret, or hold one, is not shown."""
    name = ".".join(str(part) for part in error["loc"])
    given = error["input"]
    secret = _SECRET.search(name) or _SECRETIVE.search(str(given))
    shown = isinstance(given, str | int | float) and not secret
    about = f"setting {name}: " if name else ""
    return f"{about}{_reason(error)}" + (f" (given: {given!r})" if shown else "")


def _reason(error: ErrorDetails) -> str:
    return error["msg"].removeprefix("Value error, ")


def _files() -> list[Path]:
    home = Path(os.environ.get("PERPETUA_HOME") or default_home())
    return [home / FILE, Path(FILE)]
