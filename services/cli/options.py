"""Options that several commands share, and the settings they lead to."""

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from services.settings import Settings


class InputFormat(StrEnum):
    """What the lines of inputs may be said to be."""

    AUTO = "auto"
    TEXT = "text"
    JOURNALD = "journald"
    DOCKER = "docker"
    JSON = "json"


Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of everything kept on this machine [PERPETUA_HOME]."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        help="PostgreSQL to use instead of the embedded one [PERPETUA_DATABASE_URL].",
    ),
]
Kafka = Annotated[
    str | None,
    typer.Option("--kafka", help="Kafka to use, HOST:PORT,... [PERPETUA_KAFKA]."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Format = Annotated[
    InputFormat,
    typer.Option(
        "--format",
        help="What the lines are; auto: each input's lines tell. journald: of journalctl -o json."
        " docker: of its json-file driver.",
    ),
]
Skip = Annotated[
    int | None,
    typer.Option(
        "--skip",
        metavar="POSITION",
        min=1,
        max=2**63 - 1,
        help="Pass over the event that stopped it, for good; say why.",
    ),
]
Why = Annotated[str | None, typer.Option("--why", help="Why it may be passed over; kept for ever.")]


def settings_of(home: Path | None, database_url: str | None = None, **flags: Any) -> "Settings":
    """Read the settings: flag, variable, `perpetua.toml`, default.

    Raises:
        SettingsError: one of them is wrong.
    """
    from services.settings import load

    if home is not None:
        os.environ["PERPETUA_HOME"] = str(home)  # its perpetua.toml is found by the variable
    return load(database_url=database_url, **flags)


def again(command: str, *arguments: str, home: str | None) -> str:
    """Return a command to type, for the same home as this one."""
    import shlex

    where = ["--home", home] if home else []
    return shlex.join(["perpetua", command, *arguments, *where])
