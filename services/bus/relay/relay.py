"""Publishes the store on Kafka for as long as it runs, whatever happens to either."""

import logging
from threading import Event, Thread
from typing import Final

from services.bus import topics
from services.bus.client import Client
from services.bus.errors import BusError
from services.bus.relay import layout
from services.bus.relay.published import published
from services.bus.relay.slot import Slot
from services.bus.settings import BusSettings
from services.store.errors import StoreUnavailable
from services.store.recorder import Recorder

logger = logging.getLogger(__name__)

LOOK_SECS: Final = 1.0
"""How often it looks whether there are other slots now."""


class Relay:
    """Holds every slot that nobody else holds; stands by for the others."""

    def __init__(
        self,
        recorder: Recorder,
        conninfo: str,
        client: Client,
        settings: BusSettings,
        partitions: int,
    ) -> None:
        self._recorder = recorder
        self._conninfo = conninfo
        self._client = client
        self._settings = settings
        self._partitions = partitions
        self._stop = Event()
        self._slots: dict[int, Thread] = {}
        self._thread = Thread(target=self._run, name="perpetua-relay", daemon=True)

    def check(self) -> list[topics.Finding]:
        """See that Kafka can take this store's events; return what is lost by how the topics are.

        Topics that are missing are made, if the settings allow it; nothing else is changed.

        Raises:
            TopicsUnfit, ForeignHistory: it can't; says what to do.
            BusUnavailable, StoreUnavailable: it is out of reach.
        """
        findings = self._prepare()
        with published(self._client, self._recorder) as there:
            there.lasts(range(self._partitions), settled=False)
        return findings

    def change_slots(self, slots: int) -> None:
        """Share the partitions over so many slots; those that run begin anew as these.

        Raises:
            ValueError: there can't be so many.
            BusUnavailable, StoreUnavailable: it is written, and done as soon as that ends.
        """
        layout.change(self._conninfo, slots)
        layout.fence(self._conninfo, self._recorder, self._client, self._stop.is_set)

    def start(self) -> None:
        """Begin, in threads of its own."""
        self._thread.start()

    def stop(self, patience_secs: float) -> bool:
        """End once all that is stored now is published; what hangs is left to its timeout.

        Returns whether it has ended by then.

        A slot that is far behind ends after `FAREWELL_SECS` of `slot.py`, and goes on at its next
        beginning.
        """
        self._stop.set()
        self._thread.join(patience_secs)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                now = layout.read(self._recorder)
                if not now.fenced:
                    self._end_slots()
                    layout.fence(self._conninfo, self._recorder, self._client, self._stop.is_set)
                    continue
                self._begin_slots(now.slots)
            except (BusError, StoreUnavailable) as error:
                logger.warning("the relay is held up, trying on", extra={"why": str(error)})
            except Exception:
                logger.exception("the relay is held up, trying on")
            self._stop.wait(LOOK_SECS)
        self._end_slots()

    def _begin_slots(self, slots: int) -> None:
        for number in range(slots):
            thread = self._slots.get(number)
            if thread is None or not thread.is_alive():
                slot = Slot(
                    number,
                    self._recorder,
                    self._conninfo,
                    self._client,
                    self._partitions,
                    self._prepare,
                )
                thread = Thread(
                    target=slot.run, args=[self._stop], name=f"perpetua-relay-{number}", daemon=True
                )
                self._slots[number] = thread
                thread.start()

    def _end_slots(self) -> None:
        for thread in self._slots.values():
            thread.join()

    def _prepare(self) -> list[topics.Finding]:
        admin = self._client.admin()
        try:
            return topics.ready(
                admin,
                topics.wanted(self._partitions),
                topics.of_events(self._partitions),
                self._settings,
            )
        finally:
            admin.close()
