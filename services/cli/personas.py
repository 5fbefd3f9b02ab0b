"""Personas: who there is; ending, pausing and resuming them; their tokens."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import quote

import typer

from services.cli import screen
from services.cli.options import DatabaseUrl, Home, Json, settings_of

if TYPE_CHECKING:
    from services.cli.fabric import Fabric
    from services.settings import Settings

T = TypeVar("T")
Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or enough of either end of it.")]
All = Annotated[bool, typer.Option("--all", help="Those that have ended as well.")]
Swarm = Annotated[str | None, typer.Option("--swarm", help="Only those of this swarm.")]

PATH = "/v1/swarm/personas"


def personas(
    all_: All = False,
    swarm: Swarm = None,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List personas."""
    settings = settings_of(home, database_url)
    found = _with(settings, lambda fabric: fabric.pages(PATH, swarm=swarm))
    told = [each for each in found if all_ or each["status"] != "reaped"]
    if as_json:
        screen.print_json(told)
        return
    listed = screen.table("ID", "NAME", "STATUS", "THOUGHTS", "LAST", "SWARM", right=("THOUGHTS",))
    for each in told:
        who = each["identity"]
        listed.add_row(
            screen.said(who["id"]),
            screen.said(who["name"]),
            screen.said(standing(each)),
            f"{each['thought_count']:,}",
            screen.when(each["last_tick_at"]),
            screen.said(who["swarm_id"]),
        )
    screen.show(listed if told else "Nobody lives here.")


def reap(
    persona_id: Id,
    cascade: Annotated[
        bool, typer.Option("--cascade", help="End all its descendants too, leaves first.")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why.")] = None,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """End a persona with a last snapshot of its mind."""
    body = {"cascade": cascade, "reason": reason}
    told = _command(settings_of(home, database_url), persona_id, "reap", body)
    ended = ", ".join(told["reaped_ids"]) or "nobody: it had ended before"
    screen.show(screen.said(f"reaped {ended}"))


def pause(persona_id: Id, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Keep a persona from thinking until it is resumed."""
    told = _command(settings_of(home, database_url), persona_id, "pause")
    screen.show(screen.said(f"{told['identity']['id']} is {standing(told)}"))


def resume(persona_id: Id, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Let a paused persona think again."""
    told = _command(settings_of(home, database_url), persona_id, "resume")
    screen.show(screen.said(f"{told['identity']['id']} is {standing(told)}"))


def token(persona_id: Id, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Print the token for a persona's agent, always the same one."""
    told = _command(settings_of(home, database_url), persona_id, "token")
    typer.echo(told["token"])


def _command(
    settings: "Settings", part: str, verb: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    async def ask(fabric: "Fabric") -> dict[str, Any]:
        persona_id = quote(await fabric.whole_id("persona", PATH, part), safe="")
        told: dict[str, Any] = await fabric.post(f"{PATH}/{persona_id}/{verb}", body)
        return told

    return _with(settings, ask)


def _with(settings: "Settings", ask: "Callable[[Fabric], Awaitable[T]]") -> T:
    from services.cli.fabric import asked

    return asked(settings, ask)


def standing(told: Mapping[str, Any]) -> str:
    """Return how a persona stands, in words."""
    if told["paused_reason"]:
        until = f" until {screen.when(told['paused_until'])}" if told["paused_until"] else ""
        return f"paused ({told['paused_reason']}){until}"
    return f"reaped ({told['reaped_reason']})" if told["reaped_reason"] else str(told["status"])
