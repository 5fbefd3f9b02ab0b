"""What a swarm shares, what is believed, and what somebody should look at."""

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from services.cli import screen
from services.cli.options import DatabaseUrl, Home, Json, settings_of

if TYPE_CHECKING:
    from rich.table import Table

SwarmId = Annotated[str, typer.Argument(metavar="SWARM", help="Id of the swarm.")]
Swarm = Annotated[str | None, typer.Option("--swarm", help="Only those of this swarm.")]
Status = Annotated[
    str | None, typer.Option("--status", help="active, stale, invalidated or archived.")
]
All = Annotated[bool, typer.Option("--all", help="What is settled as well.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="Most of them.")]


def blackboard(
    swarm_id: SwarmId,
    limit: Limit = 20,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show what a swarm shares: beliefs, findings, questions, who works on what, decisions."""
    path = f"/v1/swarm/{quote(swarm_id, safe='')}/blackboard"
    told = _asked(path, home, database_url, limit=limit)
    if as_json:
        screen.print_json(told)
        return
    for heading, table in (
        ("believed", _beliefs(told["beliefs"])),
        ("found", _rows(told["findings"], "OUTCOME", "BY", "WHAT", keys=_FOUND)),
        ("open", _rows(told["open_questions"], "KEY", "BY", "WHAT", keys=_ASKED)),
        ("worked on", _rows(told["claims"], "TOPIC", "BY", "UNTIL", keys=_WORKED)),
        ("proposed", _rows(told["decisions"], "STATUS", "BY", "WHAT", keys=_DECIDED)),
    ):
        if table.row_count:
            screen.show(screen.said(heading, "bold"), table, "")
    if not any(told[part] for part in told if part != "swarm_id"):
        screen.show("Nothing is on it.")


def beliefs(
    swarm: Swarm = None,
    status: Status = None,
    limit: Limit = 50,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List what is believed, the surest first."""
    path = "/v1/cognition/beliefs"
    told = _asked(path, home, database_url, swarm=swarm, status=status, limit=limit)
    if as_json:
        screen.print_json(told)
        return
    screen.show(_beliefs(told) if told else "Nothing is believed.")


def attention(
    swarm: Swarm = None,
    all_: All = False,
    limit: Limit = 50,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List what somebody should look at, the most pressing first."""
    path = "/v1/cognition/attention"
    only = None if all_ else "true"
    told = _asked(path, home, database_url, swarm=swarm, open=only, limit=limit)
    if as_json:
        screen.print_json(told)
        return
    listed = screen.table("PRIORITY", "SINCE", "SETTLED", "WHY", "WHAT", right=("PRIORITY",))
    for each in told:
        listed.add_row(
            f"{each['priority']:.1f}",
            screen.when(each["created_at"]),
            screen.when(each["resolved_at"]),
            screen.said(each["source_type"]),
            screen.said(each["topic"]),
        )
    screen.show(listed if told else "Nothing needs a look.")


_FOUND = ("outcome", "persona_id", "excerpt")
_ASKED = ("belief_key", "persona_id", "claim")
_WORKED = ("topic", "persona_id", "expires_at")
_DECIDED = ("stage", "persona_id", "title")


def _asked(path: str, home: Home, database_url: DatabaseUrl, **parameters: Any) -> Any:
    from services.cli.fabric import asked

    settings = settings_of(home, database_url)
    return asked(settings, lambda fabric: fabric.get(path, **parameters))


def _beliefs(told: list[dict[str, Any]]) -> "Table":
    listed = screen.table("SURE", "STATUS", "BY", "KEY", "WHAT", right=("SURE",))
    for each in told:
        by = ", ".join([each["asserted_by"], *each["confirmed_by"]])
        listed.add_row(
            f"{each['confidence']:.2f}",
            screen.said(each["status"]),
            screen.said(by),
            screen.said(each["belief_key"]),
            screen.said(each["claim"]),
        )
    return listed


def _rows(told: list[dict[str, Any]], *headings: str, keys: tuple[str, ...]) -> "Table":
    listed = screen.table(*headings)
    for each in told:
        cells = (screen.when(each[k]) if k.endswith("_at") else each[k] or "-" for k in keys)
        listed.add_row(*(screen.said(cell) for cell in cells))
    return listed
