"""`perpetua rebuild`: build views anew beside those that are read, and put them in their place."""

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from services.cli import screen
from services.cli.failures import BAD, Failure, tell
from services.cli.options import DatabaseUrl, Home, Json, Kafka, settings_of
from services.cli.views import Refused, failures_of_views, must_be_kept, stop_line, view_named

if TYPE_CHECKING:
    from projections.view import View
    from services.app import App
    from services.views.filling import Told
    from services.views.rebuild import Feed, Rebuilt

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="The view to rebuild.")]
All = Annotated[bool, typer.Option("--all", help="Rebuild every view, one after the other.")]
Source = Annotated[
    Literal["store", "kafka"], typer.Option("--source", help="Where the events come from.")
]
Into = Annotated[
    str | None,
    typer.Option("--into", metavar="URL", help="PostgreSQL it is kept in; default: the store's."),
]
Check = Annotated[
    bool,
    typer.Option("--check", help="Compare old and new by row; where they differ, keep the old."),
]
Jobs = Annotated[
    int, typer.Option("--jobs", min=1, max=64, help="Processes that build at once, from the store.")
]
KAFKA_WAITS: Final = "events to be published on Kafka; does `perpetua relay`, or `up`, run?"


def rebuild(
    name: Name = None,
    *,
    every: All = False,
    source: Source = "store",
    into: Into = None,
    check: Check = False,
    jobs: Jobs = 1,
    as_json: Json = False,
    kafka: Kafka = None,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Build a view anew while the old one is read, then put it in its place.

    The exit code is 2 if one was refused, stops at an event, or is not equal to the old one.
    """
    from projections import VIEWS
    from services.cli.logs import log_lines
    from services.cli.opening import opened

    log_lines()
    if (name is None) == (not every):
        raise Failure("name one view, or say --all")
    if jobs > 1 and source == "kafka":
        raise Failure("--jobs is for --source store; from Kafka one process reads all partitions")
    views = [view_named(name)] if name else list(VIEWS)
    settings = settings_of(home, database_url, kafka=kafka)
    done: list[dict[str, Any]] = []
    try:
        with opened(settings) as app:
            for view in views:
                try:
                    found = _rebuilt(app, view, source, into, check=check, jobs=jobs, quiet=as_json)
                except Refused as refused:
                    tell(refused)
                    done.append({"view": view.name, "refused": str(refused)})
                    continue
                done.append(_told(found))
                if not as_json:
                    _show(found)
    finally:
        if as_json and done:
            screen.print_json(done)
    if any("refused" in each or each["stopped"] or each["equal"] is False for each in done):
        raise typer.Exit(BAD)


def _rebuilt(
    app: "App", view: "View", source: str, into: str | None, *, check: bool, jobs: int, quiet: bool
) -> "Rebuilt":
    from services.bus.record import source_of
    from services.cli.rebuild_progress import watched
    from services.views.rebuild import Rebuild

    conninfo = into or app.conninfo
    anew = {each.view: each for each in app.views.upgraded}
    if view.name in anew and source == "store" and not (into or check):
        return anew[view.name]  # a moment ago, as an earlier version was found
    waits = KAFKA_WAITS if source == "kafka" else None
    shown = watched(view.name, app.recorder.head(), quiet=quiet, waits=waits)
    with failures_of_views(into), shown as told:
        if into:
            must_be_kept(into, view, source_of(app.recorder.store_id()).decode())
        else:
            app.views.catch_up()
        feed = _feed(app, view, source, conninfo, jobs, told)
        return Rebuild(conninfo, view, app.partitions, told).run(feed, check=check)


def _feed(app: "App", view: "View", source: str, conninfo: str, jobs: int, told: "Told") -> "Feed":
    from services.cli.bus import bus_of
    from services.views import from_kafka, from_store, parallel

    if source == "kafka":
        return from_kafka.feed(bus_of(app), app.recorder)
    if jobs == 1:
        return from_store.feed(app.recorder, view, app.partitions)
    work = parallel.Work(app.conninfo, conninfo, view.name, app.partitions)
    return parallel.feed(app.recorder, work, jobs, told)


def _told(found: "Rebuilt") -> dict[str, Any]:
    return {
        "view": found.view,
        "events": found.events,
        "seconds": round(found.seconds, 3),
        "events_per_second": round(found.events_per_second),
        "equal": found.equal,
        "stopped": _stops(found),
    }


def _stops(found: "Rebuilt") -> list[dict[str, Any]]:
    """Tell where it is stopped, in the words of `/v1/views`."""
    return [
        {
            "partition": part.partition,
            "position": part.position,
            "failed_position": part.failed_position,
            "topic": part.failed_topic,
            "error": part.error,
        }
        for part in found.stopped
    ]


def _show(found: "Rebuilt") -> None:
    rate = f"{found.events_per_second:,.0f} events/s"
    line = f"{found.view}: {screen.count(found.events, 'event')} in {found.seconds:.1f} s ({rate})"
    compared = {None: "", True: ", equal to the old one", False: ", not equal to the old one"}
    screen.show(screen.said(f"{line}, in its place now{compared[found.equal]}."))
    for stop in _stops(found):
        screen.show(screen.said(stop_line(found.view, stop), "red"))
