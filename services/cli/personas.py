"""Personas: who there is, who came from whom; ending, pausing and resuming them; their tokens."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.interrupts import interrupts
from services.cli.options import DatabaseUrl, Home, Json, settings_of

if TYPE_CHECKING:
    from rich.tree import Tree

    from services.cli.fabric import Fabric
    from services.settings import Settings

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
    found = interrupts.run(_personas(settings, swarm))
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
            screen.said(_standing(each)),
            f"{each['thought_count']:,}",
            screen.when(each["last_tick_at"]),
            screen.said(who["swarm_id"]),
        )
    screen.show(listed if told else "Nobody lives here.")


def lineage(as_json: Json = False, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Show who came from whom, as a tree."""
    settings = settings_of(home, database_url)
    from services.cli.fabric import fabric  # noqa: PLC0415

    async def ask() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        async with fabric(settings) as asked:
            return await asked.get("/v1/swarm/lineage"), await asked.pages(PATH)

    told, people = interrupts.run(ask())
    if as_json:
        screen.print_json(told)
        return
    from rich.tree import Tree  # noqa: PLC0415

    names = {each["identity"]["id"]: each for each in people}
    children = {node["persona_id"]: node["children"] for node in told["nodes"]}
    tree = Tree(screen.said("fabric", "bold"))
    for root in told["roots"]:
        _grow(tree, root, children, names)
    screen.show(tree)


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
    screen.show(screen.said(f"{told['identity']['id']} is {_standing(told)}"))


def resume(persona_id: Id, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Let a paused persona think again."""
    told = _command(settings_of(home, database_url), persona_id, "resume")
    screen.show(screen.said(f"{told['identity']['id']} is {_standing(told)}"))


def token(persona_id: Id, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Print the token for a persona's agent, always the same one."""
    told = _command(settings_of(home, database_url), persona_id, "token")
    typer.echo(told["token"])


def _command(
    settings: "Settings", part: str, verb: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    from services.cli.fabric import fabric  # noqa: PLC0415

    async def ask() -> dict[str, Any]:
        async with fabric(settings) as asked:
            persona_id = await _whole_id(asked, part)
            told: dict[str, Any] = await asked.post(
                f"{PATH}/{quote(persona_id, safe='')}/{verb}", body
            )
            return told

    return interrupts.run(ask())


async def _whole_id(asked: "Fabric", part: str) -> str:
    if not part:
        raise Failure("name a persona; `perpetua personas` lists them")
    return await asked.whole_id("persona", PATH, part)


async def _personas(settings: "Settings", swarm: str | None) -> list[dict[str, Any]]:
    from services.cli.fabric import fabric  # noqa: PLC0415

    async with fabric(settings) as asked:
        return await asked.pages(PATH, swarm=swarm)


def _standing(told: Mapping[str, Any]) -> str:
    if told["paused_reason"]:
        until = f" until {screen.when(told['paused_until'])}" if told["paused_until"] else ""
        return f"paused ({told['paused_reason']}){until}"
    return f"reaped ({told['reaped_reason']})" if told["reaped_reason"] else str(told["status"])


def _grow(
    tree: "Tree",
    persona_id: str,
    children: Mapping[str, Sequence[str]],
    people: Mapping[str, Mapping[str, Any]],
) -> None:
    told = people[persona_id]
    ended = told["status"] == "reaped"
    line = f"{persona_id}  {told['identity']['name']}, {_standing(told)}"
    branch = tree.add(screen.said(line, "dim" if ended else ""))
    for child in children.get(persona_id, ()):
        _grow(branch, child, children, people)
