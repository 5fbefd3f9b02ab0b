"""One slot of the relay: stands by until it is free, takes hold, publishes what is stored.

After any error it begins anew from what Kafka says, never from what it remembers.
"""

import logging
import random
from collections.abc import Callable
from math import inf
from threading import Event
from time import monotonic
from typing import Final

from services.bus.client import Client
from services.bus.errors import BusError, ProducerFenced
from services.bus.relay import layout
from services.bus.relay.layout import SILENCE_SECS, Layout
from services.bus.relay.session import LayoutChanged, Session, begin
from services.bus.relay.standing import Teller
from services.store.errors import StoreUnavailable
from services.store.reading import batch_size
from services.store.recorder import Recorder
from services.store.session_lock import SessionLock

logger = logging.getLogger(__name__)

STANDBY_SECS: Final = 1.0
"""How often a slot that another process holds is tried."""
IDLE_SECS: Final = 0.5
"""How long it waits for something to publish before it looks around."""
TELL_SECS: Final = 1.0
"""How often it says how it stands."""
_PAUSES: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds before it begins anew, by how often it failed in a row."""
FAREWELL_SECS: Final = 3.0
"""How long it still publishes what is stored already, once it is stopped."""
FIRST_BATCH: Final = 64
"""Events of the first transaction; fewer after failures: it may have taken too long."""
_TOO_SLOW: Final = (
    ", or a transaction took longer than bus.transaction_timeout_ms: see whether another store is"
    " published on this Kafka, or raise it"
)


class Slot:
    """Publishes the partitions of one slot, one at a time of all processes that would."""

    def __init__(
        self,
        number: int,
        recorder: Recorder,
        conninfo: str,
        client: Client,
        partitions: int,
        prepare: Callable[[], object],
    ) -> None:
        """`prepare` sees that Kafka can take events, before each beginning."""
        self._number = number
        self._recorder = recorder
        self._client = client
        self._partitions = partitions
        self._prepare = prepare
        self._teller = Teller(conninfo, number)
        self._lock = SessionLock(
            conninfo, f"perpetua relay slot {number}", silence_secs=SILENCE_SECS
        )
        self._failures = 0
        self._after: int | None = None

    def run(self, stop: Event) -> None:
        """Publish until stopped, or until there is no such slot any more."""
        try:
            while not stop.is_set():
                now = layout.read(self._recorder)
                if self._number >= now.slots or not now.fenced:
                    return
                if self._lock.try_acquire():
                    self._attempt(now, stop)
                else:
                    stop.wait(STANDBY_SECS)
        except StoreUnavailable as lost:
            logger.warning("the relay waits for the store", extra={"why": str(lost)})
        finally:
            if self._lock.held:
                self._teller.tell("ended", self._after)
            self._lock.release()
            self._teller.close()

    def _attempt(self, now: Layout, stop: Event) -> None:
        try:
            self._hold(now, stop)
        except LayoutChanged:
            return
        except ProducerFenced as fenced:
            logger.info("a slot was fenced", extra={"why": str(fenced)})
            if not self._lock.lost.is_set():  # again and again, it is no takeover
                self._failures += 1
                if self._failures > 1:
                    self._teller.tell("unable", self._after, f"{fenced.message}{_TOO_SLOW}")
        except Exception as error:
            self._failures += 1
            self._teller.tell("unable", self._after, str(error) or repr(error))
            level = logging.WARNING if self._failures == 1 else logging.INFO
            trace = None if isinstance(error, BusError | StoreUnavailable) else error
            why = {"why": str(error)}
            logger.log(level, "the relay is held up, trying on", extra=why, exc_info=trace)
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        stop.wait(pause * random.uniform(0.8, 1.2))

    def _hold(self, now: Layout, stop: Event) -> None:
        self._teller.tell("starting", self._after)
        self._prepare()
        session = begin(self._client, self._recorder, self._number, now, self._partitions)
        try:
            after = session.next_after(self._recorder)
            self._publish(session, after, now, stop)
        finally:
            session.close()

    def _publish(self, session: Session, after: int, now: Layout, stop: Event) -> None:
        partitions = None if now.slots == 1 else now.partitions(self._number, self._partitions)
        limit, told_at, ends_at = max(1, FIRST_BATCH >> self._failures), 0.0, inf
        while not self._lock.lost.is_set() and monotonic() < ends_at:
            self._after = after
            if monotonic() - told_at > TELL_SECS:
                if layout.read(self._recorder) != now:
                    raise LayoutChanged
                self._teller.tell("publishing", after)
                told_at = monotonic()
            if stop.is_set() and ends_at == inf:
                ends_at = monotonic() + FAREWELL_SECS
            head = self._next_head(after, stop)
            if head is None:
                return
            if head <= after:
                continue
            batch = self._recorder.read(after, limit, partitions, upto=head)
            session.publish(batch)
            self._failures = 0
            after = batch[-1].position if len(batch) == limit else head
            if batch:
                limit = batch_size(limit, sum(len(each.state) for each in batch) // len(batch))

    def _next_head(self, after: int, stop: Event) -> int | None:
        """Wait for something to publish; None once there will be no more."""
        lost = self._lock.lost
        if not stop.is_set():
            head = self._recorder.wait_beyond(
                after, lambda: stop.is_set() or lost.is_set(), IDLE_SECS
            )
            if head is not None or not stop.is_set():
                return head
        head = self._recorder.head()
        return head if head > after else None
