"""Building views anew from the store they are of."""

import logging
from collections.abc import Collection
from time import monotonic, sleep
from typing import Final

from projections.view import View
from services.store.errors import StoreUnavailable
from services.views.errors import RebuiltElsewhere, StillNeeded
from services.views.events import Events
from services.views.filling import Told
from services.views.rebuild import Feed, Rebuild, Rebuilt
from services.views.session import session
from services.views.store_source import StoreSource

logger = logging.getLogger(__name__)

_AGAIN_SECS: Final = 0.2
SAY_SECS: Final = 5.0
"""How often it is said how far a view is that is built before anything else is done."""


def feed(events: Events, view: View, of_partitions: int) -> Feed:
    """Feed a rebuild of a view from the store."""
    return Feed(lambda apart: StoreSource(events, of_partitions, view.topics, apart.checkpoints))


def rebuild(events: Events, conninfo: str, view: View, told: Told = lambda *_: None) -> Rebuilt:
    """Build a view of a store anew, in the store's own database.

    Raises:
        NotRebuilt: the old one must stay in use; see `errors`.
        StoreUnavailable: the server is out of reach.
    """
    of_partitions = _partitions(conninfo)
    made = Rebuild(conninfo, view, of_partitions, told)
    return made.run(feed(events, view, of_partitions))


def upgrade(events: Events, conninfo: str, view: View) -> Rebuilt | None:
    """Build a view anew that an earlier version built, or wait until another process has.

    Where it can't take in all that the old one did, it takes its place all the same, and it is
    logged: the queries of this program are not meant for the old one (ADR 12).

    Returns:
        What was done; None if another process did it.

    Raises:
        StoreUnavailable: the server is out of reach, or something depends on the old one.
    """
    while (version := _version(conninfo, view)) < view.version:
        logger.info(
            "a view of an earlier version is built anew",
            extra={"view": view.name, "version": version, "new_version": view.version},
        )
        try:
            return rebuild(events, conninfo, view, _logged(view))
        except RebuiltElsewhere:
            sleep(_AGAIN_SECS)
        except StillNeeded as needed:
            raise StoreUnavailable(needed.found, needed.remedy) from needed
    return None


def _logged(view: View) -> Told:
    """Return what says now and then, of a view that takes long, how far it is."""
    last = monotonic()

    def told(passed: int, wanted: int) -> None:
        nonlocal last
        if monotonic() - last >= SAY_SECS and wanted:
            last = monotonic()
            share = f"{passed / wanted:.0%}"
            logger.warning("a view is built anew first", extra={"view": view.name, "done": share})

    return told


def _version(conninfo: str, view: View) -> int:
    return int(_one(conninfo, "select version from view_progress where name = %s", [view.name]))


def _partitions(conninfo: str) -> int:
    return int(_one(conninfo, "select value from meta where name = %s", ["partitions"]))


def _one(conninfo: str, sql: str, parameters: Collection[str]) -> str:
    """Return the one value there is."""
    with session(conninfo) as connection:
        row = connection.execute(sql, list(parameters)).fetchone()
    assert row is not None  # noqa: S101  both are made before anything is rebuilt
    return str(row[0])
