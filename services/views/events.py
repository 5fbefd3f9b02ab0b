"""The store as far as views read it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from domain.recorded import Stored


class Events(Protocol):
    """What the recorder offers them."""

    def head(self) -> int:
        """Return the last position; 0 while nothing is stored."""
        ...

    def read(
        self,
        after: int,
        limit: int,
        partitions: Sequence[int] | None = None,
        topics: Sequence[str] | None = None,
        upto: int | None = None,
    ) -> list[Stored]:
        """Return the first `limit` events after a position, in order, of these and no others."""
        ...

    def read_positions(self, positions: Sequence[int]) -> list[Stored]:
        """Return the events at these positions, in order."""
        ...

    def wait_beyond(
        self, after: int, stopped: Callable[[], bool], timeout_secs: float
    ) -> int | None:
        """Block until something is stored after a position; return the head that is known."""
        ...
