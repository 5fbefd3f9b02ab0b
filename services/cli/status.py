"""`perpetua status`: whether somebody thinks, and what waits for a person."""

from typing import TYPE_CHECKING, Any

from services.cli import screen
from services.cli.losses import losses
from services.cli.options import DatabaseUrl, Home, Json, again, settings_of

if TYPE_CHECKING:
    from services.cli.fabric import Fabric


def status(as_json: Json = False, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Show whether somebody thinks, and what waits for a person."""
    settings = settings_of(home, database_url)
    from services.cli.fabric import asked

    told = asked(settings, _ask)
    if as_json:
        screen.print_json(told)
        return
    waits = told["proposals_waiting"]
    shown = screen.table("", "")
    shown.show_header = False
    for word, line in (
        ("serving", told["url"] or f"no: start it with {_up(home)}"),
        ("thinking", _thinking(told)),
        ("personas", f"{told['active_persona_count']:,} of {told['persona_count']:,} live"),
        (
            "events",
            f"{told['events_buffered']:,}, {told['snapshots_buffered']:,} of them snapshots",
        ),
        ("inputs", _inputs(told["sources"])),
        ("kafka", _kafka(told["bus"])),
        *(("model", _model(each, told)) for each in told["thinkers"]),
        (
            "waiting",
            f"{screen.count(waits, 'proposal')} for a person"
            + (f": {_look(home)}" if waits else ""),
        ),
    ):
        shown.add_row(screen.said(word, "bold"), screen.said(line))
    screen.show(shown)


async def _ask(fabric: "Fabric") -> dict[str, Any]:
    told: dict[str, Any] = await fabric.get("/v1/cognition/status")
    waiting = await fabric.pages("/v1/cognition/proposals", status="waiting")
    return told | {
        "url": fabric.url,
        "proposals_waiting": len(waiting),
        "bus": await fabric.get("/v1/bus"),
        "thinkers": await fabric.get("/v1/thinkers"),
        "sources": await fabric.get("/v1/sources"),
    }


def _thinking(told: dict[str, Any]) -> str:
    if not told["enabled"]:
        return "no: PERPETUA_COGNITION_ENABLED is false"
    if not told["running"]:
        return "not here"
    return f"since {screen.when(told['started_at'])}, last at {screen.when(told['last_tick_at'])}"


def _inputs(sources: list[dict[str, Any]]) -> str:
    from domain.asking import is_question

    inputs = [each for each in sources if not is_question(each["source"])]
    lines = sum(each["lines"] for each in inputs)
    told = f"{screen.count(lines, 'line')} of {screen.count(len(inputs), 'source')}"
    lost = losses(sources)
    return f"{told}; {lost}" if lost else told


def _kafka(bus: dict[str, Any]) -> str:
    if bus["servers"] is None:
        return "none: set PERPETUA_KAFKA to publish the events"
    behind = f"{screen.count(bus['lag'], 'event')} behind" if bus["lag"] else "up to date"
    problem = f": {bus['problem']}" if bus["problem"] else ""
    return f"{bus['servers']}, {behind}{problem}"


def _model(model: dict[str, Any], told: dict[str, Any]) -> str:
    name = f"{model['name']}: {model['model']} at {model['url']}"
    if not told["running"]:
        return f"{name}; who thinks knows how it stands"
    state = f"{model['calls']:,} of {screen.count(model['concurrency'], 'call')} under way"
    if model["since"]:
        state = f"{model['state']} since {screen.when(model['since'])}, {state}"
    return f"{name}, {state}" + (f": {model['why']}" if model["why"] else "")


def _up(home: Home) -> str:
    return again("up", home=str(home) if home else None)


def _look(home: Home) -> str:
    return again("proposals", home=str(home) if home else None)
