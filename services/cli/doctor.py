"""`perpetua doctor`: whether everything it needs is there, and what to do where it is not."""

import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from services.cli import screen
from services.cli.failures import BAD
from services.cli.options import DatabaseUrl, Home, Json, settings_of

if TYPE_CHECKING:
    from services.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    fine: bool
    found: str
    fix: str | None = None
    """What to do, where it is not fine."""


def doctor(as_json: Json = False, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Check that everything needed is there; exit code 2 if something is not."""
    findings = list(_findings(home, database_url))
    if as_json:
        screen.print_json([asdict(each) for each in findings])
    else:
        for each in findings:
            style = "green" if each.fine else "bold red"
            line = screen.said("ok   " if each.fine else "WRONG", style)
            line.append_text(screen.said(f"  {each.check}: {each.found}", "default"))
            if each.fix:
                line.append_text(screen.said(f"; {each.fix}", "default"))
            screen.show(line)
    if not all(each.fine for each in findings):
        raise typer.Exit(BAD)


def _findings(home: Path | None, database_url: str | None) -> Iterator[Finding]:
    from services.settings import SettingsError

    try:
        settings = settings_of(home, database_url)
    except SettingsError as wrong:
        yield Finding("settings", False, str(wrong), "correct it, or leave it out")
        return
    for check in (_settings, _home, _token, _actions, _port, _store):
        yield check(settings)


def _settings(settings: "Settings") -> Finding:
    from services.settings import FILE

    files = [str(path) for path in (settings.home / FILE, Path(FILE)) if path.exists()]
    return Finding("settings", True, f"read from {', '.join(files) or 'no file, which is fine'}")


def _home(settings: "Settings") -> Finding:
    home = settings.home
    if not home.exists():
        return Finding("home", True, f"{home} is made at the first start")
    mode = stat.S_IMODE(home.stat().st_mode)
    if not os.access(home, os.W_OK | os.X_OK):
        return Finding("home", False, f"{home} can't be written", "give this user the right to")
    if mode & 0o022:
        return Finding("home", False, f"others may write {home}", f"chmod go-w {home}")
    return Finding("home", True, f"{home}, mode {mode:o}")


def _token(settings: "Settings") -> Finding:
    from services.tokens import AGENTS_FILE, OPERATOR_FILE

    files = [settings.home / name for name in (OPERATOR_FILE, AGENTS_FILE)]
    for path in files:
        if path.exists() and path.stat().st_mode & 0o077:
            return Finding("token", False, f"others may read {path}", f"chmod 600 {path}")
    if settings.token:
        return Finding("token", True, "the operator's is set by PERPETUA_TOKEN or perpetua.toml")
    there = files[0].exists()
    return Finding("token", True, f"{files[0]}" if there else "made at the first start")


def _actions(settings: "Settings") -> Finding:
    folder = settings.actions_folder
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        return Finding("actions", False, f"{nearest} is no folder", "set gate.folder to one")
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as wrong:
        fix = "give this user the right to write there, or set gate.folder"
        return Finding("actions", False, f"{nearest}: {wrong.strerror}", fix)
    made = "" if folder.exists() else ", made when it is needed"
    return Finding("actions", True, f"{folder} can be written{made}")


def _port(settings: "Settings") -> Finding:
    from services.cli.failures import Failure
    from services.cli.instance import running
    from services.cli.port import listen

    if found := running(settings.home):
        return Finding("port", True, f"`perpetua up` serves {found.url} (process {found.pid})")
    try:
        listen(settings.host, settings.port).close()
    except Failure as taken:
        what, _, fix = str(taken).partition("; ")
        return Finding("port", False, what, fix)
    return Finding("port", True, f"{settings.port} of {settings.host} is free")


def _store(settings: "Settings") -> Finding:
    from services.store.errors import StoreUnavailable

    kind = "PostgreSQL" if settings.database_url else "embedded PostgreSQL"
    try:
        return Finding("store", True, f"{kind} {_reached(settings)}")
    except StoreUnavailable as wrong:
        return Finding("store", False, wrong.message, wrong.hint)


def _reached(settings: "Settings") -> str:
    """Reach the store without changing it; say its version and that of the tables.

    Raises:
        StoreUnavailable: it can't be reached.
    """
    from services.store.embedded import EmbeddedPostgres

    if settings.database_url:
        return _versions(settings.database_url)
    if not (settings.home / "postgres" / "data").exists():
        return "is made at the first start"
    embedded = EmbeddedPostgres(settings.home)
    try:
        return _versions(embedded.start())
    finally:
        embedded.stop_if_last_user()


def _versions(conninfo: str) -> str:
    from services.store.connect import connect

    with connect(conninfo) as connection:
        server = connection.info.parameter_status("server_version")
        found = connection.execute("select to_regclass('perpetua_schema')").fetchone()
        if not (found and found[0]):
            return f"{server}, tables are made at the first start"
        version = connection.execute("select max(version) from perpetua_schema").fetchone()
    return f"{server}, tables of version {version[0] if version else 0}"
