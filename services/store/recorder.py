"""The store as the `eventsourcing` library sees it, and as everything else here does."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import cached_property
from itertools import islice
from typing import Any, Self, overload
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent

from domain.recorded import Stored
from services.store.following import follow
from services.store.group_commit import GroupCommit
from services.store.job import Positions
from services.store.listener import Listener
from services.store.pool import Pool
from services.store.reading import Reading
from services.store.save import Record, Save
from services.store.subscription import StoreSubscription
from services.store.watch import Watch
from services.store.writer import Writer


class StreamEvents(Sequence[StoredEvent]):
    """Events of a stream, fetched while they are iterated; asked for its length, it fetches all."""

    def __init__(self, fetch: Callable[[], Iterator[StoredEvent]]) -> None:
        self._fetch = fetch

    def __iter__(self) -> Iterator[StoredEvent]:
        return self._fetch()

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, index: int) -> StoredEvent: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[StoredEvent]: ...
    def __getitem__(self, index: int | slice) -> StoredEvent | Sequence[StoredEvent]:
        return self._all[index]

    @cached_property
    def _all(self) -> list[StoredEvent]:
        return list(self._fetch())


class Recorder(Reading, ApplicationRecorder):
    """Stores saves by group commit, reads, and is followed. The tables must be there (`migrate`).

    Safe to use from any thread and event loop. Close it when done.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        reconnect_seconds: float = 30.0,
        poll_seconds: float = 1.0,
        readers: int = 4,
        revive: Callable[[], object] | None = None,
    ) -> None:
        """Prepare; connections are opened when first needed.

        Args:
            conninfo: where PostgreSQL is, as URL or keywords.
            reconnect_seconds: how long a lost server is waited for.
            poll_seconds: how often followers look by themselves when nothing is announced.
            readers: most connections for reading.
            revive: called before connecting anew, may start the server.
        """
        super().__init__(Pool(conninfo, readers, reconnect_seconds, revive))
        self._watch = Watch()
        self._listener = Listener(conninfo, poll_seconds, self._watch.advance)
        self._reconnect_seconds = reconnect_seconds
        self._commits = GroupCommit(
            Writer(conninfo, reconnect_seconds, revive), self._watch.advance
        )
        self.submit: Callable[[Save], Future[Positions]] = self._commits.submit
        self.enqueue = self._commits.enqueue
        self.append = self._commits.append

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Store events as one save and wait; see `Save` for the keywords, and `partition`.

        The partition is that of each `Record`, or the keyword's for events that have none.
        """
        if not stored_events and "answer" not in kwargs:
            return []
        partition: int | None = kwargs.pop("partition", None)
        records = [_record(event, partition) for event in stored_events]
        return self.submit(Save(records, **kwargs)).result()

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return a stream's events, fetched in batches while they are iterated."""

        def fetch() -> Iterator[StoredEvent]:
            return islice(self.stream(str(originator_id), gt or 0, lte, desc=desc), limit)

        return StreamEvents(fetch)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return events by position, as the library wants them; any limit will do."""
        after = (start or 0) - (1 if start and inclusive_of_start else 0)
        found = self.read(after, limit, None, topics or None, stop)
        return [_notification(each) for each in found]

    def max_notification_id(self) -> int | None:
        """Return the last position, None while nothing is stored."""
        return self.head() or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> StoreSubscription:
        """Return a blocking iterator over everything after a position, and what comes."""
        self._listener.start()
        return StoreSubscription(self, self._watch, gt, topics)

    def follow(
        self,
        after: int = 0,
        partitions: Sequence[int] | None = None,
        topics: Sequence[str] | None = None,
    ) -> AsyncIterator[list[Stored]]:
        """Yield batches of what is after a position, and what comes, until the store closes."""
        self._listener.start()
        return follow(self, self._watch, after, partitions, topics)

    def wait_beyond(
        self, after: int, stopped: Callable[[], bool], timeout_secs: float
    ) -> int | None:
        """Block until something is stored after a position; return the head that is known.

        None once the store closes, or `stopped` says so.
        """
        self._listener.start()
        return self._watch.wait(after, stopped, timeout_secs)

    def close(self) -> None:
        """Store what still waits, end all following, drop all connections."""
        self._commits.close(self._reconnect_seconds)
        self._watch.close()
        self._listener.close()
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _record(event: StoredEvent, partition: int | None) -> Record:
    if isinstance(event, Record):
        return event
    if partition is None:
        raise ValueError("a stored event without partition needs the keyword `partition`")
    return Record(
        event.originator_id, event.originator_version, event.topic, event.state, partition
    )


def _notification(stored: Stored) -> Notification:
    return Notification(
        stored.stream, stored.version, stored.topic, stored.state, id=stored.position
    )
