"""A process that brings the views up: `catching_up.py URL BATCH [trap]`; starts on a line of input.

With `trap` it waits, in the middle of its first transaction, for a lock it never gets.
"""

import sys

from projections import VIEWS
from services.store.recorder import Recorder
from services.views import Views
from tests.integration.views.views_of_tests import TRAP_LOCK, counting, trapped


def main(url: str, batch: str, trap: str = "") -> None:
    """Say `ready`, wait, catch up, say how far."""
    recorder = Recorder(url)
    last = trapped(counting(), f"pg_advisory_xact_lock({TRAP_LOCK})", lambda: bool(trap))
    views = Views(recorder, url, views=[*VIEWS, last], batch_events=int(batch))
    print("ready", flush=True)
    sys.stdin.readline()
    print(views.catch_up(), flush=True)
    views.close()
    recorder.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
