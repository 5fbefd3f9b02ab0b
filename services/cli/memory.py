"""`perpetua memory search`: what was thought that is like some words, and what speaks for it."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.options import DatabaseUrl, Home, Json, settings_of
from services.cli.personas import PATH

if TYPE_CHECKING:
    from services.cli.fabric import Fabric

SHOWN_CHARS: Final = 300
"""Characters shown of a text."""
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_AGO: Final = re.compile(r"(\d{1,6})([mhd])")
_HEADINGS: Final = ("SCORE", "POSITION", "KIND", "PERSONA", "LAST", "TEXT")
_BY_WORDS: Final = (
    "Ranked by words alone, there are no vectors: `perpetua up` makes them, or says why it can't."
)

memory = typer.Typer(help="What personas remember.", no_args_is_help=True)


@memory.callback()
def _memory() -> None:
    """Keep `search` a command of its own while it is the only one."""


@memory.command()
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for, in any words.")],
    *,
    persona: Annotated[
        str | None,
        typer.Option("--persona", metavar="ID", help="Only what this persona may read."),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Only of this kind, such as hypothesis; may be repeated."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Only what was thought since: 30m, 12h, 7d, or RFC 3339."),
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=100, help="Most to show.")] = 10,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Search what personas remember, best first."""
    body = {"query": text, "kinds": kind or None, "since": _moment(since), "count": count}
    settings = settings_of(home, database_url)
    from services.cli.fabric import asked

    async def ask(fabric: "Fabric") -> dict[str, Any]:
        path = "/v1/memory/search"
        if persona is not None:
            persona_id = await fabric.whole_id("persona", PATH, persona)
            path = f"{PATH}/{quote(persona_id, safe='')}/memory/search"
        told: dict[str, Any] = await fabric.query(path, body)
        return told

    told = asked(settings, ask)
    if as_json:
        screen.print_json(told)
        return
    _show(told)


def _show(told: dict[str, Any]) -> None:
    hits = told["hits"]
    listed = screen.table(*_HEADINGS, right=("SCORE", "POSITION"))
    for hit in hits:
        whole = " ".join(hit["text"].split())
        listed.add_row(
            f"{hit['score']:.2f}",
            str(hit["position"]),
            screen.said(hit["kind"]),
            screen.said(hit["persona_id"] or "-"),
            screen.when(hit["last_seen_at"]),
            screen.said(whole if len(whole) <= SHOWN_CHARS else f"{whole[:SHOWN_CHARS]} ..."),
        )
    screen.show(listed if hits else "Nothing like that is remembered.")
    if told["ranked_by"] == "text":
        screen.show(_BY_WORDS)


def _moment(given: str | None) -> str | None:
    """Return the time of an option as RFC 3339.

    Raises:
        Failure: it is none.
    """
    if given is None:
        return None
    from datetime import datetime

    from services import clock

    try:
        if ago := _AGO.fullmatch(given):
            return (clock.now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).isoformat()
        return datetime.fromisoformat(given).astimezone().isoformat()
    except (ValueError, OverflowError):  # there is no time before the year 1
        raise Failure(f"--since {given} is no time: say 30m, 12h, 7d or RFC 3339") from None
