"""Drafts a slot's next transaction while the one before it is published.

To publish is to wait for Kafka; to draft is to read the store and make records. One after the
other, each would wait for the other. Drafts are made and published in the same order, within one
session: where anything fails, the session ends, and what it drafted ends with it.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from services.bus.relay.session import Draft, Session
from services.store.reading import batch_size
from services.store.recorder import Recorder


class Drafts:
    """Hands out the transactions of a session. Not safe to be used from two threads at once."""

    def __init__(
        self,
        session: Session,
        recorder: Recorder,
        partitions: Sequence[int] | None,
        after: int,
        limit: int,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            session: whose transactions they are; nobody else drafts for it from now on.
            recorder: where the events are.
            partitions: those of the slot; None if it has all.
            after: position after which there may be something to publish.
            limit: events of the first transaction; further ones adapt to how large events are.
        """
        self._session = session
        self._recorder = recorder
        self._partitions = partitions
        self._after = after
        self._limit = limit
        self._thread = ThreadPoolExecutor(1, "perpetua-relay-drafts")
        self._next: Future[tuple[Draft, int]] | None = None

    def next(self, head: int) -> tuple[Draft, int]:
        """Return the next transaction, and the position up to which all is published with it.

        The one after it is begun if `head`, the last position there is, lies beyond: so what is
        stored one by one is published at once, and only a relay that is behind drafts ahead.

        Raises:
            StoreUnavailable: the store is out of reach; begin a new session.
        """
        draft, upto = self._next.result() if self._next else self._draft(head)
        self._next = self._thread.submit(self._draft, head) if upto < head else None
        return draft, upto

    def close(self) -> None:
        """Draft no more."""
        self._thread.shutdown(cancel_futures=True)

    def _draft(self, head: int) -> tuple[Draft, int]:
        batch = self._recorder.read(self._after, self._limit, self._partitions, upto=head)
        self._after = batch[-1].position if len(batch) == self._limit else head
        if batch:
            mean = sum(len(each.state) for each in batch) // len(batch)
            self._limit = batch_size(self._limit, mean)
        return self._session.draft(batch), self._after
