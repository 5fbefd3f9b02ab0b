"""What is to be exported, and the work of one exporter."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Final

from services.bus.errors import BusError
from services.lake.exporter import Exporter
from services.lake.sink import Sink
from services.lake.sizes import USUAL, Sizes
from services.lake.sources import Origin, Share
from services.store.errors import StoreUnavailable

logger = logging.getLogger(__name__)

AGAIN_SECS: Final = 1.0
"""How soon one that follows begins again when its source was away."""

Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be exported. Can be sent to another process."""

    origin: Origin
    follow: bool = False
    """Whether to go on with what comes once the goal is reached."""
    sizes: Sizes = USUAL
    """How large what is written grows."""


def export_share(folder: Path, sink: Sink, work: Work, share: Share, stopped: Stopped) -> None:
    """Export one share of the partitions until stopped; one that follows outlasts its source.

    Raises:
        StoreUnavailable, BusError: the source is away.
        OSError: a file can't be written.
    """
    while not stopped():
        exporter = Exporter(folder, sink, work.origin.goal, work.sizes)
        try:
            with work.origin.open(sink, share, exporter.broken) as source:
                exporter.run(source, stopped)
        except (StoreUnavailable, BusError) as error:
            if not work.follow:
                raise
            logger.warning("the lake waits for its events", extra={"why": str(error)})
            sleep(AGAIN_SECS)
