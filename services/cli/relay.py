"""`perpetua relay`: publish the events on Kafka, apart from `perpetua up`."""

import time
from contextlib import suppress
from typing import Annotated

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.options import DatabaseUrl, Home, Kafka, settings_of

Slots = Annotated[
    int | None,
    typer.Option(
        "--slots", min=1, max=64, help="Share the partitions over so many producers from now on."
    ),
]
LOOK_SECS = 0.5
STOP_SECS = 5.0


def relay(
    slots: Slots = None,
    kafka: Kafka = None,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Publish every event on Kafka, once and in order, until stopped.

    One of several publishes, the others stand by.
    """
    settings = settings_of(home, database_url, kafka=kafka)
    from services.cli.bus import relay_of, show
    from services.cli.logs import log_lines
    from services.cli.opening import opened

    log_lines()
    with opened(settings) as app:
        made = relay_of(app)
        for finding in made.check():
            show(finding)
        if slots is not None:
            made.change_slots(slots)
        made.start()
        with suppress(KeyboardInterrupt):
            screen.show(screen.said(f"Publishing on {settings.kafka}. Ctrl-C ends it."))
            while True:
                time.sleep(LOOK_SECS)
        if not made.stop(STOP_SECS):
            raise Failure(
                f"it did not end within {STOP_SECS:g} s: nothing is lost, the next one asks Kafka"
                " how far this one came"
            )
    screen.show("Ended in good order.")
