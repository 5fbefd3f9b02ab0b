"""Proposals: what there is, what exactly is proposed and why; approving and rejecting."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import quote

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.interrupts import interrupts
from services.cli.options import DatabaseUrl, Home, Json, again, settings_of

if TYPE_CHECKING:
    from services.cli.fabric import Fabric
    from services.settings import Settings

T = TypeVar("T")
Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or enough of either end of it.")]

PATH = "/v1/cognition/proposals"


def proposals(
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those that wait for a person.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Most of them.")] = 50,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List proposals, newest first."""
    settings = settings_of(home, database_url)

    async def ask(fabric: "Fabric") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        due = await fabric.pages(PATH, status="waiting")
        return due, due[:limit] if waiting else await fabric.get(PATH, limit=limit)

    due, told = _with(settings, ask)
    if as_json:
        screen.print_json(told)
        return
    ids = {each["id"] for each in due}
    listed = screen.table("ID", "CREATED", "RISK", "STATUS", "WHAT")
    for each in told:
        status = "waiting" if each["id"] in ids else each["status"]
        listed.add_row(
            screen.said(screen.short(each["id"])),
            screen.when(each["created_at"]),
            screen.risk(each["risk"]),
            screen.said(status, "bold" if status == "waiting" else "dim"),
            screen.said(each["title"]),
        )
    screen.show(listed if told else "Nothing is proposed.")
    if due:
        look = again("approve", "ID", home=str(home) if home else None)
        screen.show("")
        screen.show(f"{len(due):,} waiting for a person: {look} shows one, then asks.")


def proposal(
    proposal_id: Id, as_json: Json = False, home: Home = None, database_url: DatabaseUrl = None
) -> None:
    """Show a proposal with all that a person must see before deciding."""
    told = _with(settings_of(home, database_url), lambda fabric: _one(fabric, proposal_id))
    if as_json:
        screen.print_json(told)
        return
    _show(told)
    if told["stage"] == "waiting":
        where = str(home) if home else None
        screen.show(f"Approve it with: {again('approve', told['id'], home=where)}")


def approve(
    proposal_id: Id,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask: it was looked at before.")
    ] = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show what is to be approved, ask, and let it run."""
    if not yes and not screen.is_terminal():
        raise Failure("this is no terminal to ask on: look at it first, then say --yes")
    settings = settings_of(home, database_url)

    async def ask(fabric: "Fabric") -> dict[str, Any] | None:
        told = await _one(fabric, proposal_id)
        _show(told)
        if told["stage"] not in ("waiting", "approved"):
            raise Failure(f"no approval is due: the proposal is {_standing(told)}")
        if not yes and not _agreed(told):
            return None
        await fabric.post(f"{_path(told['id'])}/approve", {"shown_hash": told["shown_hash"]})
        return await _one(fabric, told["id"])

    told = _with(settings, ask)
    if told is None:
        screen.show("Not approved.")
        raise typer.Exit(1)
    screen.show(screen.said(f"approved: {_standing(told)}"))


def reject(
    proposal_id: Id,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; it is kept.")
    ] = "rejected on the command line",
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Refuse a proposal."""

    async def ask(fabric: "Fabric") -> dict[str, Any]:
        whole = await _whole_id(fabric, proposal_id)
        told: dict[str, Any] = await fabric.post(f"{_path(whole)}/reject", {"reason": reason})
        return told

    told = _with(settings_of(home, database_url), ask)
    screen.show(screen.said(f"rejected: {told['title']}"))


def _with(settings: "Settings", ask: "Callable[[Fabric], Awaitable[T]]") -> T:
    from services.cli.fabric import asked

    return asked(settings, ask)


def _show(told: dict[str, Any]) -> None:
    from services.cli.proposal_screen import whole

    screen.show(whole(told))


def _agreed(told: dict[str, Any]) -> bool:
    """Ask the person once more, with exactly what will run in sight."""
    action = told["action"]
    what = f"{action['tool']} on {action['target']} with {json.dumps(action['arguments'])}"
    with interrupts.blocking():
        return typer.confirm(f"Approve it, and let it run: {screen.visible(what)}?")


def _standing(told: dict[str, Any]) -> str:
    from services.cli.proposal_screen import standing

    return standing(told)


async def _one(fabric: "Fabric", part: str) -> dict[str, Any]:
    told: dict[str, Any] = await fabric.get(_path(await _whole_id(fabric, part)))
    return told


async def _whole_id(fabric: "Fabric", part: str) -> str:
    return await fabric.whole_id("proposal", PATH, part)


def _path(proposal_id: str) -> str:
    return f"{PATH}/{quote(proposal_id, safe='')}"
