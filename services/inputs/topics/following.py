"""Reads one topic for as long as the process runs, whatever happens to Kafka or the store."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from threading import Event, Thread
from time import monotonic
from typing import Final

from services.bus.client import Admin, Client, Consumer, Incoming, TopicPartition
from services.bus.errors import BusUnavailable
from services.commands.observation import Batch, Dropped
from services.inputs.topics.named import NamedTopic
from services.inputs.topics.places import Places
from services.inputs.topics.records import LONGEST_BYTES, taken_of
from services.inputs.topics.storing import Moved, Piece, Storage
from services.store.errors import StoreUnavailable

logger = logging.getLogger(__name__)

LOOK_SECS: Final = 10.0
"""How often it looks whether Kafka answers, and whether there are new partitions."""
POLL_SECS: Final = 0.2
RETRY_SECS: Final = 1.0
POLL_RECORDS: Final = 5_000
"""Most records in memory: nothing more is asked for before these are stored."""
SAVE_BYTES: Final = 1024 * 1024
"""Bytes of records after which a save is made of them."""


class TopicFollower:
    """Stores every record of a topic as a line, in the order of each partition."""

    def __init__(
        self,
        topic: NamedTopic,
        client: Client,
        storage: Storage,
        say: Callable[[str], None],
        look_secs: float = LOOK_SECS,
    ) -> None:
        """Prepare to follow; `say` tells a person a sentence, from a thread of ours."""
        self._topic = topic
        self._client = client
        self._storage = storage
        self._say = say
        self._look_secs = look_secs
        self._places = Places(topic, storage.mark, self._warn)
        self._held_up = ""
        self._stop = Event()
        self._thread = Thread(target=self._run, name=f"perpetua-topic-{topic.name}", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Have it end after what it is about."""
        self._stop.set()

    def stop(self, patience_secs: float) -> None:
        """End; what hangs is left alone: what it still stores, it stores once."""
        self._stop.set()
        self._thread.join(patience_secs)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._open()
            except BusUnavailable as away:
                self._hold_up("away", f"{away}; {self._topic.name} is read once it answers")
            except StoreUnavailable as lost:
                logger.warning("the store is out of reach", extra={"why": str(lost)})
            except Exception:
                if not self._stop.is_set():  # else the store may be closed by now
                    logger.exception("reading a topic broke off, and is begun again")
            self._stop.wait(RETRY_SECS)

    def _open(self) -> None:
        with ExitStack() as opening:
            admin = self._client.admin()
            opening.callback(admin.close)
            consumer = self._client.consumer()
            opening.callback(consumer.close)
            self._follow(admin, consumer)

    def _follow(self, admin: Admin, consumer: Consumer) -> None:
        places = self._places
        places.forget()
        looked = -self._look_secs
        while not self._stop.is_set():
            if monotonic() - looked >= self._look_secs or not places:
                self._look(admin, consumer)
                looked = monotonic()
            if not places:
                self._stop.wait(RETRY_SECS)
                continue
            records = consumer.poll(POLL_SECS, POLL_RECORDS)
            places.see(records, admin)
            try:
                for some in _lots(records):
                    self._store(some)
            except Moved:
                places.forget()

    def _look(self, admin: Admin, consumer: Consumer) -> None:
        """Take up partitions that are new; stand by while there is no such topic."""
        name = self._topic.name
        state = admin.topics([name]).get(name)
        if state is None:
            self._places.forget()
            self._hold_up("missing", f"Kafka has no topic {name}; it is read once there is one")
            return
        if self._places.know(state.partitions, admin):
            consumer.assign(self._places.offsets)
        if self._held_up:
            self._held_up = ""
            self._say(f"topic {name} is read again")

    def _store(self, records: Sequence[Incoming]) -> None:
        """Store some records, all at once."""
        places = self._places
        by_partition: dict[TopicPartition, list[Incoming]] = {}
        for record in records:
            where = TopicPartition(record.topic, record.partition)
            by_partition.setdefault(where, []).append(record)
        taken: dict[TopicPartition, Sequence[Batch | Dropped]] = {}
        for where, some in by_partition.items():
            mark = places[where].mark
            taken[where] = taken_of(some, places[where].next, mark.line)
        pieces = [
            Piece(self._topic.source(where.partition), places[where].mark.length, found)
            for where, found in taken.items()
            if found
        ]
        if pieces:
            self._storage.store(pieces)
        for where, some in by_partition.items():
            places.advance(where, some[-1].offset + 1, taken[where])
            for each in taken[where]:
                if isinstance(each, Dropped):
                    self._warn_too_long(where, each)

    def _hold_up(self, state: str, sentence: str) -> None:
        """Say what holds it up, once."""
        logger.info("a topic can't be read now", extra={"why": sentence})
        if state != self._held_up:
            self._held_up = state
            self._say(sentence)

    def _warn_too_long(self, where: TopicPartition, dropped: Dropped) -> None:
        self._warn(
            f"{self._topic.source(where.partition)}: {dropped.bytes:,} bytes before offset"
            f" {dropped.offset:,} are not kept: a record may have {LONGEST_BYTES:,}; send what is"
            " longer in several"
        )

    def _warn(self, sentence: str) -> None:
        logger.info("records of a topic are missing", extra={"why": sentence})
        self._say(sentence)


def _lots(records: Sequence[Incoming]) -> Iterator[Sequence[Incoming]]:
    """Cut records into lots of at most `SAVE_BYTES`; one that is larger is a lot of its own."""
    lot: list[Incoming] = []
    size = 0
    for record in records:
        more = len(record.value or b"")
        if lot and size + more > SAVE_BYTES:
            yield lot
            lot, size = [], 0
        lot.append(record)
        size += more
    if lot:
        yield lot
