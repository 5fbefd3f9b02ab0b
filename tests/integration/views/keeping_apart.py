"""A process that keeps `totals` apart from the store: `keeping_apart.py URL [trap]`.

It ends on a line of input. With `trap` it waits, in the middle of its first transaction, for a
lock it never gets.
"""

import sys

from projections import totals
from services.store.recorder import Recorder
from tests.integration.views.keeping import from_store, keeping
from tests.integration.views.views_of_tests import TRAP_LOCK, trapped


def main(url: str, trap: str = "") -> None:
    """Say `ready`, keep the view up until a line comes."""
    view = trapped(totals.VIEW, f"pg_advisory_xact_lock({TRAP_LOCK})", lambda: bool(trap))
    with Recorder(url) as recorder, keeping(url, view, from_store(recorder, view)):
        print("ready", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
