"""`perpetua doctor`: whether everything it needs is there, and what to do where it is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from services.cli import screen
from services.cli.failures import BAD
from services.cli.options import DatabaseUrl, Home, Json, settings_of

if TYPE_CHECKING:
    from services.cli.checks.finding import Finding

_SHOWN: Final = {
    "fine": ("ok   ", "green"), "warning": ("note ", "yellow"), "wrong": ("WRONG", "bold red"),
}  # fmt: skip
"""Verdict to the word it is shown by, and its style."""


def doctor(as_json: Json = False, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Check everything that may have been set wrong; exit code 2 if something will not work."""
    with _findings(home, database_url) as findings:
        told = [_shown(each, as_json=as_json) for each in findings]
    if as_json:
        screen.print_json(told)
    if not all(each["fine"] for each in told):
        raise typer.Exit(BAD)


@contextmanager
def _findings(home: Path | None, database_url: str | None) -> "Iterator[Iterator[Finding]]":
    from services.cli.checks.catalogue import examined
    from services.cli.checks.files import suggestion
    from services.cli.checks.finding import wrong
    from services.cli.checks.scene import Scene
    from services.settings import SettingsError

    try:
        settings = settings_of(home, database_url)
    except SettingsError as bad:
        yield iter([wrong("settings", str(bad), suggestion(str(bad)))])
        return
    with Scene(settings) as scene:
        yield examined(scene)


def _shown(finding: "Finding", *, as_json: bool) -> dict[str, Any]:
    """Print a finding as it comes, unless all are printed as JSON; return it as JSON."""
    if not as_json:
        word, style = _SHOWN[finding.verdict]
        fix = f"; {finding.fix}" if finding.fix else ""
        line = screen.said(word, style)
        line.append_text(screen.said(f"  {finding.check}: {finding.found}{fix}", "default"))
        screen.show(line)
    return {
        "check": finding.check,
        "verdict": finding.verdict,
        "fine": finding.fine,
        "found": finding.found,
        "fix": finding.fix,
    }
