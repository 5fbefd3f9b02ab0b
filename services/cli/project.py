"""`perpetua project`: keep one view up apart from `perpetua up`, from Kafka or from the store."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.interrupts import in_good_order
from services.cli.options import DatabaseUrl, Home, Json, Kafka, Skip, Why, settings_of
from services.cli.views import failures_of_views, show_standings, skip, view_named

if TYPE_CHECKING:
    from domain.ports import EventSource
    from projections.view import View
    from services.settings import Settings
    from services.views.apart import Apart

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="The view to keep up.")]
Source = Annotated[
    Literal["kafka", "store"], typer.Option("--source", help="Where its events come from.")
]
Into = Annotated[
    str | None,
    typer.Option("--into", metavar="URL", help="PostgreSQL to keep it in; default: the store's."),
]
Back = Annotated[
    bool, typer.Option("--hand-back", help="End this: `perpetua up` builds and keeps it anew.")
]


def project(
    name: Name = None,
    *,
    source: Source = "kafka",
    into: Into = None,
    hand_back: Back = False,
    skip_position: Skip = None,
    why: Why = None,
    as_json: Json = False,
    kafka: Kafka = None,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Keep one view up apart from `up`, in any number of processes; without NAME, show them all.

    With --skip, decide instead that the view passes over the event that stopped it.
    """
    settings = settings_of(home, database_url, kafka=kafka)
    from services.cli.logs import log_lines

    log_lines()
    if name is None:
        if skip_position is not None or hand_back:
            raise Failure("name the view")
        _show(settings, as_json=as_json)
        return
    view = view_named(name)
    if skip_position is not None:
        _skip(settings, view, into, skip_position, why)
        return
    if hand_back:
        _hand_back(settings, view, into)
        return
    with ExitStack() as stack:
        apart, open_source = _opened(stack, settings, view, source, into)
        stack.enter_context(suppress(KeyboardInterrupt))
        where = "Kafka" if source == "kafka" else "the store"
        screen.show(screen.said(f"Keeping {name} up from {where}. Ctrl-C ends it."))
        _keep(apart, open_source)
    screen.show("Ended in good order.")


def _opened(
    stack: ExitStack, settings: "Settings", view: "View", source: str, into: str | None
) -> "tuple[Apart, Callable[[], EventSource]]":
    """Open the view's database, and say how its source is opened."""
    from services.bus.connect import client
    from services.bus.record import source_of
    from services.bus.source import KafkaSource
    from services.bus.topics import partitions_there
    from services.cli.bus import NONE_SET
    from services.cli.opening import opened
    from services.views.apart import Apart
    from services.views.store_source import StoreSource

    bus = client(settings.kafka, settings.bus) if settings.kafka and source == "kafka" else None
    if source == "kafka" and bus is None:
        raise Failure(NONE_SET)
    partitions = partitions_there(bus) if bus else 0
    app = stack.enter_context(opened(settings)) if into is None or source == "store" else None
    if app:
        if bus and partitions != app.partitions:
            raise Failure(
                f"the topics have {partitions} partitions, the store {app.partitions}:"
                " see `perpetua topics --check`"
            )
        partitions = app.partitions
    with failures_of_views(into):
        apart = Apart(into or (app.conninfo if app else ""), view, partitions)
        stack.callback(apart.close)
        if app:
            apart.belongs(source_of(app.recorder.store_id()).decode())

    def open_source() -> "EventSource":
        if bus:
            return KafkaSource(bus, apart.group, apart.checkpoints, apart.broken, apart.belongs)
        assert app is not None  # noqa: S101  a store is opened for its own source
        return StoreSource(app.recorder, partitions, view.topics, apart.checkpoints)

    return apart, open_source


def _keep(apart: "Apart", open_source: "Callable[[], EventSource]") -> None:
    from services.views.apart import keep

    with failures_of_views(None):
        in_good_order(
            lambda stopped: keep(apart, open_source, stopped),
            "what was under way counts once, when it is done again",
        )


def _skip(
    settings: "Settings", view: "View", into: str | None, position: int, why: str | None
) -> None:
    from services.cli.opening import opened

    if not (why and why.strip()):
        raise Failure("say with --why why this event may be passed over")
    with ExitStack() as stack:
        conninfo = into or stack.enter_context(opened(settings)).conninfo
        with failures_of_views(into):
            skip(conninfo, view, position, why.strip())
    screen.show(screen.said(f"{view.name} passes over position {position} from now on."))


def _hand_back(settings: "Settings", view: "View", into: str | None) -> None:
    from services.cli.opening import opened
    from services.views.apart import hand_back

    with ExitStack() as stack:
        conninfo = into or stack.enter_context(opened(settings)).conninfo
        with failures_of_views(into):
            done = hand_back(conninfo, view)
    if not done:
        raise Failure(f"{view.name} is not kept apart; `perpetua project` shows which views are")
    keeper = "nobody keeps" if into else "`perpetua up` builds and keeps"
    screen.show(screen.said(f"{view.name} is empty now, and {keeper} it there."))


def _show(settings: "Settings", *, as_json: bool) -> None:
    from services.cli.fabric import asked

    told = asked(settings, lambda fabric: fabric.get("/v1/views"))
    if as_json:
        screen.print_json(told)
        return
    show_standings(told)
