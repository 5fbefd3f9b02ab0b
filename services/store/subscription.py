"""The library's subscription on our store: a blocking iterator of notifications."""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eventsourcing.persistence import Notification, Subscription

from services.store.watch import Watch

if TYPE_CHECKING:
    from services.store.recorder import Recorder

_BATCH = 500


class StoreSubscription(Subscription["Recorder"]):
    """Yields every notification after a position, in order, and waits for more."""

    def __init__(
        self, recorder: "Recorder", watch: Watch, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._watch = watch
        self._after = gt or 0
        self._fetched: deque[Notification] = deque()

    def stop(self) -> None:
        """End the iteration, also one that waits."""
        super().stop()
        self._watch.wake()

    def __next__(self) -> Notification:
        """Return the next notification; block until there is one.

        Raises:
            StopIteration: the subscription was stopped or the store closed.
            StoreUnavailable: the server stayed away.
        """
        while not self._fetched:
            head = self._watch.wait(self._after, lambda: self._has_been_stopped)
            if head is None:
                raise StopIteration
            self._fetch(head)
        if self._has_been_stopped:
            raise StopIteration
        return self._fetched.popleft()

    def _fetch(self, head: int) -> None:
        found = self._recorder.select_notifications(
            self._after, _BATCH, head, self._topics, inclusive_of_start=False
        )
        self._fetched.extend(found)
        self._after = found[-1].id if len(found) == _BATCH else head
