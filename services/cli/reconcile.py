"""`perpetua reconcile`: find what broke off or was left behind, and mend it."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli import screen
from services.cli.options import DatabaseUrl, Home, Json, settings_of

if TYPE_CHECKING:
    from services.cli.fabric import Fabric

PATH: Final = "/v1/reconciliation"
STYLES: Final = {"mended": "green", "due": "yellow", "left": "red"}


def reconcile(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what there is to mend.")
    ] = False,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Mend what broke off or was left behind: cascades, orphans, leases, deadlines, actions."""
    from services.cli.fabric import asked

    async def ask(fabric: "Fabric") -> dict[str, Any]:
        told: dict[str, Any] = await (fabric.get(PATH) if dry_run else fabric.post(PATH))
        return told

    told = asked(settings_of(home, database_url), ask)
    if as_json:
        screen.print_json(told)
        return
    if not told["findings"]:
        screen.show("All is as it should be.")
        return
    listed = screen.table("OUTCOME", "RULE", "SUBJECT", "FOUND", "NOTE")
    for each in told["findings"]:
        at = f" (at {', '.join(map(str, each['positions']))})" if each["positions"] else ""
        listed.add_row(
            screen.said(each["outcome"], STYLES.get(each["outcome"], "")),
            screen.said(each["rule"]),
            screen.said(each["subject"]),
            screen.said(f"{each['what']}{at}"),
            screen.said(each["note"]),
        )
    counted = f"{told['mended']} mended, {told['due']} to be mended, {told['left']} left"
    screen.show(listed, screen.said(counted))
