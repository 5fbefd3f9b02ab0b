"""`perpetua kafka`: a Kafka broker on this machine, for whoever has none."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.options import Home, settings_of

if TYPE_CHECKING:
    from services.bus.broker.local_broker import LocalBroker

FOLDER = "kafka"
LOOK_SECS = 0.5
Port = Annotated[
    int,
    typer.Option("--port", min=0, max=65_535, help="Port to listen on, 0 for any free one."),
]


def kafka(port: Port = 9092, home: Home = None) -> None:
    """Run a local Kafka broker until stopped, its data under the home folder."""
    settings = settings_of(home)
    from services.bus.broker.local_broker import LocalBroker
    from services.store.server_files import make_home

    folder = settings.home / FOLDER
    broker = LocalBroker(folder, port)
    if pid := broker.pid:
        raise Failure(
            f"the Kafka broker of {folder} runs already: process {pid}, {broker.bootstrap};"
            f" use that, or end it with `kill {pid}`"
        )
    make_home(settings.home)
    with suppress(KeyboardInterrupt):
        try:
            with screen.waiting("Starting Kafka; the first time its jars are fetched ..."):
                bootstrap = broker.start()
            for word, line in (
                ("kafka", f"{bootstrap}, data and log in {folder}"),
                ("use", f"PERPETUA_KAFKA={bootstrap}"),
                ("end", "Ctrl-C"),
            ):
                screen.show(screen.said(f"{word:<8}  ", "bold").append_text(screen.said(line)))
            _watch(broker)
        finally:
            broker.stop()
    screen.show("Ended in good order.")


def _watch(broker: "LocalBroker") -> None:
    while broker.pid:
        time.sleep(LOOK_SECS)
    raise Failure(f"the Kafka broker has died; {broker.log} may say why, then start it again")
