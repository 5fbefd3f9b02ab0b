"""`perpetua export`: bring the Parquet lake up to the events there are, and perhaps keep it up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from services.cli import screen
from services.cli.failures import BAD, Failure
from services.cli.interrupts import in_good_order
from services.cli.options import DatabaseUrl, Home, Json, Kafka, Skip, Why, settings_of
from services.cli.who import operator

if TYPE_CHECKING:
    from services.lake.manifest import Manifest
    from services.lake.sources import Origin
    from services.settings import Settings

Into = Annotated[
    Path | None,
    typer.Option("--into", metavar="FOLDER", help="Folder of the lake [PERPETUA_LAKE]."),
]
Source = Annotated[
    Literal["store", "kafka"], typer.Option("--source", help="Where its events come from.")
]
Follow = Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")]
Jobs = Annotated[
    int, typer.Option("--jobs", min=1, max=64, help="How many processes share the work.")
]
Rebuild = Annotated[
    bool,
    typer.Option("--rebuild", help="Build it anew; until that is done, readers see the old one."),
]


def export(
    *,
    into: Into = None,
    source: Source = "store",
    follow: Follow = False,
    jobs: Jobs = 1,
    rebuild: Rebuild = False,
    skip_position: Skip = None,
    why: Why = None,
    as_json: Json = False,
    kafka: Kafka = None,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write every event into the Parquet lake, a data set an event class, for DuckDB and others.

    With --skip, decide instead that the lake passes over the event that stopped it.
    """
    settings = settings_of(home, database_url, kafka=kafka, lake=into)
    folder = settings.lake_folder
    if skip_position is not None:
        if rebuild or follow:
            raise Failure("--skip decides, and nothing else; export afterwards")
        _skip(folder, skip_position, why, as_json=as_json)
        return
    from services.cli.lake_progress import watched
    from services.cli.logs import log_lines
    from services.lake.opening import opened
    from services.lake.processes import export as export_into
    from services.lake.work import Work

    log_lines()
    with (
        _origin(settings, source) as origin,
        opened(folder, origin.source, len(origin.goal), rebuild=rebuild) as lake,
    ):
        before = 0 if rebuild else lake.manifest.rows
        if follow and not as_json:
            screen.show(screen.said(f"Exporting into {folder}. Ctrl-C ends it."))
        with watched(origin.goal, lake.manifest) as moved:
            work = Work(origin, follow)
            interrupted = in_good_order(
                lambda stopped: export_into(lake, work, stopped, moved, jobs),
                "the next export goes on where it was",
            )
        if interrupted and not follow:
            raise KeyboardInterrupt
        told = _told(folder, lake.manifest, before, rebuilding=lake.is_rebuilding)
    _show(told, as_json=as_json)
    if told["failed"]:
        raise typer.Exit(BAD)


@contextmanager
def _origin(settings: "Settings", source: str) -> Iterator["Origin"]:
    from services.cli.bus import NONE_SET
    from services.cli.opening import opened
    from services.lake.sources import FromKafka, FromStore

    if source == "kafka":
        if not settings.kafka:
            raise Failure(NONE_SET)
        yield FromKafka.now(settings.kafka, settings.bus)
        return
    with opened(settings) as app:
        yield FromStore.now(app.conninfo, app.recorder, app.partitions)


def _skip(folder: Path, position: int, why: str | None, *, as_json: bool) -> None:
    from services import clock
    from services.lake.skips import decide

    if not (why and why.strip()):
        raise Failure("say with --why why this event may be passed over")
    manifest = decide(folder, position, why.strip(), operator(), clock.now())
    if as_json:
        screen.print_json(_told(folder, manifest, manifest.rows, rebuilding=False))
    else:
        screen.show(screen.said(f"The lake passes over position {position} from now on."))


def _told(folder: Path, manifest: "Manifest", before: int, *, rebuilding: bool) -> dict[str, Any]:
    files = [file for data_set in manifest.data_sets.values() for file in data_set]
    return {
        "lake": str(folder),
        "added": manifest.rows - before,
        "events": manifest.rows,
        "position": min(at.position for at in manifest.partitions.values()),
        "data_sets": len(manifest.data_sets),
        "files": len(files),
        "bytes": sum(file.bytes for file in files),
        "rebuilding": rebuilding,
        "failed": [
            {"partition": number, "position": at.failed_position, "error": at.error}
            for number, at in manifest.failed().items()
        ],
        "skipped": [each.model_dump(mode="json") for each in manifest.skips],
    }


def _show(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.print_json(told)
        return
    screen.show(
        screen.said(
            f"{screen.count(told['added'], 'new event')}; {told['lake']} has"
            f" {screen.count(told['events'], 'event')} in {screen.count(told['files'], 'file')},"
            f" {told['bytes'] / 1e6:,.1f} MB, all up to position {told['position']:,}."
        )
    )
    for each in told["failed"]:
        where = f" at position {each['position']}" if each["position"] else ""
        said = f"partition {each['partition']} is stopped{where}: {each['error']}"
        screen.show(screen.said("WRONG  ", "bold red").append_text(screen.said(said)))
    for each in told["skipped"]:
        decided = f"{each['why']} ({each['decided_by']}, {screen.when(each['decided_at'])})"
        screen.show(screen.said(f"The lake passes over position {each['position']}: {decided}"))
    if told["rebuilding"]:
        screen.show("The old lake stays, since the new one is not whole.")
