"""Gives every node of memory its vector, off the event loop, for as long as the fabric serves."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

import psycopg

from domain.ports import Embedder
from services.memory import vectors
from services.memory.detached import detached
from services.memory.errors import EmbedderUnavailable, VectorsUnavailable
from services.store.connect import Connection, connect, unavailable
from services.store.errors import StoreUnavailable
from services.store.session_lock import SessionLock

logger = logging.getLogger(__name__)

LOT: Final = 256
"""Nodes looked for at a time."""
REST_SECS: Final = 1.0
"""Least time between two looks. A look that took longer is rested from for as long as it took: so
no more than half of one core goes into vectors, and what thinks goes first."""
SWEEP_SECS: Final = 300.0
"""How often all nodes are looked at, not just the new: those that came late, those that went."""
AGAIN_SECS: Final = 30.0
"""When an embedder that failed is asked again."""
_SETTINGS: Final = {
    "synchronous_commit": "off",  # what a crash of the server loses is made again
    "client_min_messages": "warning",
}


class Indexer:
    """Makes vectors of texts. One of all processes of a store does so; the others stand by."""

    def __init__(
        self,
        conninfo: str,
        embedder: Embedder,
        head: Callable[[], int],
        is_settled: Callable[[], bool],
        *,
        rest_secs: float = REST_SECS,
        again_secs: float = AGAIN_SECS,
        sweep_secs: float = SWEEP_SECS,
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            conninfo: where PostgreSQL is, as URL or keywords.
            embedder: what makes the vectors.
            head: returns the last position of the store.
            is_settled: tells whether the nodes show all of the store: only then what has no node
                is gone for good, and not just being built again.
            rest_secs: least time between two looks.
            again_secs: when an embedder that failed is asked again.
            sweep_secs: how often all nodes are looked at.
        """
        self._conninfo = conninfo
        self._embedder = embedder
        self._head = head
        self._is_settled = is_settled
        self._rest_secs = rest_secs
        self._again_secs = again_secs
        self._sweep_secs = sweep_secs
        self._lock = SessionLock(conninfo, "perpetua memory")
        self._opening = threading.Lock()
        self._connection: Connection | None = None
        self._done_to = 0
        self._sweep_at = 0.0
        self._complaint = ""
        self._closed = False

    async def run(self) -> None:
        """Go on until cancelled, whatever fails; end where the database can't keep vectors."""
        self._closed = False
        try:
            while True:
                rest = await asyncio.wrap_future(detached(self._look))
                if rest is None:
                    return
                await asyncio.sleep(rest)
        finally:
            await asyncio.to_thread(self.close)

    def catch_up(self) -> int:
        """Make the vectors that are missing, drop those of nodes that are gone; return how many.

        Raises:
            VectorsUnavailable: the database can't keep any.
            EmbedderUnavailable: none can be made now; those made before it broke off are kept.
            StoreUnavailable: the server is out of reach.
        """
        made = 0
        while found := self._lot():
            made += found
        return made

    def close(self) -> None:
        """Leave the work to others; a look that goes on elsewhere ends soon, and opens nothing."""
        with self._opening:
            self._closed = True
            self._lock.release()
            self._disconnect()

    def _look(self) -> float | None:
        """Do a lot of what is to be done; return how long to rest, None for ever."""
        began = time.monotonic()
        try:
            if self._has_the_lock():
                self._lot()
        except VectorsUnavailable as why:
            logger.warning("memory is searched by words alone", extra={"why": str(why)})
            return None
        except EmbedderUnavailable as why:
            self._complain(why)
            return self._again_secs
        except StoreUnavailable as why:
            self._complain(why)
        else:
            self._complaint = ""
        return max(self._rest_secs, time.monotonic() - began)

    def _has_the_lock(self) -> bool:
        with self._opening:
            return not self._closed and self._lock.try_acquire()

    def _lot(self) -> int:
        """Make the vectors of some nodes; return of how many."""
        if time.monotonic() > self._sweep_at:
            self._done_to = 0
        head = self._head()
        if head == self._done_to:
            return 0
        settled = self._is_settled()
        try:
            connection = self._connected()
            found = vectors.missing(connection, self._done_to, LOT)
            for first in range(0, len(found), self._embedder.batch):
                if self._closed:
                    break
                batch = found[first : first + self._embedder.batch]
                rows = self._embedder.embed([each.text for each in batch])
                vectors.put(connection, self._embedder, batch, rows)
            if settled and not found:
                self._done(connection, head)
        except psycopg.Error as error:
            self._disconnect()
            raise unavailable(error) from error
        return len(found)

    def _done(self, connection: Connection, head: int) -> None:
        """Begin behind what has its vectors, next time; after a look at all, drop what is gone."""
        if self._done_to == 0:
            vectors.drop_gone(connection)
            self._sweep_at = time.monotonic() + self._sweep_secs
        self._done_to = head

    def _connected(self) -> Connection:
        with self._opening:
            if self._closed:
                raise StoreUnavailable("memory has been closed", "open it again")
            if self._connection:
                return self._connection
            opened = self._connection = connect(self._conninfo, _SETTINGS)
        vectors.prepare(opened, self._embedder)
        return opened

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None
        self._done_to = 0

    def _complain(self, why: Exception) -> None:
        """Say once what is the matter, for as long as it is."""
        if str(why) != self._complaint and not self._closed:
            self._complaint = str(why)
            logger.warning("vectors of memory wait", extra={"why": self._complaint})
