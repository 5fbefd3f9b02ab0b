"""The lineage is built anew faster than a history can be read, for it reads only its own events."""

import time
from collections.abc import Iterator
from contextlib import closing

from projections import lineage
from services.store.mapper import to_recorded
from services.store.migrate import migrate
from services.store.recorder import Recorder
from services.views import Views
from tests.bench import fabric
from tests.integration.views.writing import write
from tests.unit.projections.given import History

FAMILIES = 500
CHILDREN = 9
THOUGHTS = 40
"""Of each child, beside four events of its life."""
PAGE = 1_000


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal)."""
    with fabric.server() as conninfo:
        url = fabric.database(conninfo, "lineage")
        migrate(url)
        with Recorder(url) as store, closing(Views(store, url, views=[lineage.VIEW])) as views:
            for number in range(FAMILIES):
                write(store, _family(number))
            views.catch_up()
            own, read_secs = _decode(store)
            began = time.perf_counter()
            views.rebuild(lineage.VIEW.name)
            secs = time.perf_counter() - began
            head = store.head()
    yield (
        f"lineage built anew, of {head:,} events {own:,} its own",
        f"{head / secs:,.0f} events/s",
        "25,000",
    )
    yield (
        "its own events built / read and decoded only",
        f"{own / secs:,.0f} / {own / read_secs:,.0f} events/s = {read_secs / secs:.2f}",
        "",
    )


def _family(number: int) -> History:
    """A root whose children think, are paused and go on, and are reaped."""
    history = History().spawned(f"root-{number}", f"swarm-{number}")
    for child in range(CHILDREN):
        who = f"child-{number}-{child}"
        history.spawned(who, f"swarm-{number}", parent=f"root-{number}", depth=1)
        history.paused(who).resumed(who)
        for _ in range(THOUGHTS):
            history.thought(who)
        history.reaped(who)
    return history


def _decode(store: Recorder) -> tuple[int, float]:
    """Read and decode all events of the lineage; return how many, and the seconds it took."""
    began, after, count = time.perf_counter(), 0, 0
    while found := store.read(after, PAGE, topics=sorted(lineage.VIEW.topics)):
        count += len(list(map(to_recorded, found)))
        after = found[-1].position
    return count, time.perf_counter() - began
