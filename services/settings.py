"""Settings: flag > variable > `perpetua.toml` > default. Wrong ones are refused in one line."""

import os
import re
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSetting

from services.bus.settings import BusSettings
from services.cognition.openai.settings import OpenAISettings
from services.cognition.thinkers import ALWAYS_THERE, STATISTICAL
from services.commands.lifecycle import Ceilings
from services.gate.settings import GateSettings
from services.inputs.settings import InputSettings
from services.memory.settings import MemorySettings

FILE = "perpetua.toml"
OPENAI = "openai"
"""Name of the thinker that PERPETUA_LLM_BASE_URL makes."""
_SECRET = re.compile("key|token|password|database_url")
_SECRETIVE = re.compile("[@?]")
"""A URL with one of these may hold a password or a key."""
ROOT_HOME = Path("/var/lib/perpetua")


def default_home() -> Path:
    """Return the home folder nobody set: root's must be readable by the database's user."""
    return ROOT_HOME if os.geteuid() == 0 else Path.home() / ".perpetua"


class SettingsError(Exception):
    """A setting is wrong; the message says which and what to do."""


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


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix="PERPETUA_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
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
