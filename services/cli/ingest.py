"""`perpetua ingest`: carry out commands that come by Kafka."""

import asyncio
from contextlib import suppress

from services.cli import screen
from services.cli.interrupts import interrupts
from services.cli.options import DatabaseUrl, Home, Kafka, settings_of


def ingest(kafka: Kafka = None, home: Home = None, database_url: DatabaseUrl = None) -> None:
    """Carry out commands that come by Kafka, each once, until stopped.

    Any number of these share the work.
    """
    settings = settings_of(home, database_url, kafka=kafka)
    from services.api.server import build
    from services.bus.record import source_of
    from services.cli.bus import bus_of, topics_of_commands_made
    from services.cli.logs import log_lines
    from services.cli.opening import opened
    from services.ingest import Ingest
    from services.ingest.deciding import Decider

    log_lines()
    with opened(settings) as app, suppress(KeyboardInterrupt):
        bus = bus_of(app)
        topics_of_commands_made(app)
        source = source_of(app.recorder.store_id())

        async def serve() -> None:
            decider = Decider(build(app))
            following = asyncio.create_task(app.views.follow())
            try:
                await Ingest(bus, decider, source).run()
            finally:
                following.cancel()
                await decider.close()

        screen.show(screen.said(f"Taking commands from {settings.kafka}. Ctrl-C ends it."))
        interrupts.run(serve())
    screen.show("Ended in good order.")
