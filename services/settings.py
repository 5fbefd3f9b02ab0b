"""Settings: flag > variable > `perpetua.toml` > default. Wrong ones are refused in one line."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from services.commands.lifecycle import Ceilings

FILE = "perpetua.toml"
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

    actuator: Literal["file"] = "file"
    """What carries it out."""
    risk: Risk = "high"
    """Least risk of using it."""
    file: str | None = None
    """For the file actuator: the one file it appends to, whatever the target; null: the target."""


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
        "file.append": Tool(risk="high"),
        "notify": Tool(risk="low", file="notifications.log"),
    }
    """Tools there are."""
    allow: tuple[Rule, ...] = (
        Rule(tool="file.append", targets=("deny.list",), max_risk="high"),
        Rule(tool="notify", max_risk="low"),
    )
    """What the policy allows. Nothing else is."""


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


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix="PERPETUA_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    home: Path = Field(default_factory=default_home)
    """Folder of everything that is ours on this machine."""
    database_url: str | None = None
    """PostgreSQL to use; null: an embedded one under the home folder."""
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
    limits: Ceilings = Ceilings()
    """Ceilings of the fabric, and of swarms nobody gave any."""
    gate: GateSettings = GateSettings()
    """What may be done."""
    cognition: CognitionSettings = CognitionSettings()
    """How the default team thinks."""
    cors_origins: tuple[str, ...] = ()
    """Origins of dashboards served elsewhere that browsers may let in; none by default."""
    users: tuple[User, ...] = ()
    """People with tokens of their own."""

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
        first = wrong.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"setting {name}: {first['msg']} (given: {first['input']!r})") from None
    except (OSError, ValueError) as wrong:
        raise SettingsError(f"{FILE}: {wrong}") from None


def _files() -> list[Path]:
    home = Path(os.environ.get("PERPETUA_HOME") or default_home())
    return [home / FILE, Path(FILE)]
