"""Options that several commands share, and the settings they lead to."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from services.settings import Settings

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
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


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
