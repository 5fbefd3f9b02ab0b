"""A lake that is kept tidy while batches go into it."""

from collections.abc import Callable, Collection, Mapping

from domain.ports import Checkpoint
from services.lake.lake import Lake
from services.lake.manifest import Manifest
from services.lake.sink import Batch
from services.lake.work import Stopped, Work


class TidyLake:
    """A `Sink` that tidies the lake between batches, and knows when it is there."""

    def __init__(
        self, lake: Lake, work: Work, stopped: Stopped, moved: Callable[[Manifest], None]
    ) -> None:
        """Tidy what there is.

        Args:
            lake: where the batches go.
            work: what is to be exported.
            stopped: tells that what may be left to the next export is to be left.
            moved: is told of every step.
        """
        self._lake = lake
        self._work = work
        self._stopped = stopped
        self._moved = moved
        self._tidy()

    @property
    def is_done(self) -> bool:
        """Whether nothing more is to come, or to be waited for."""
        return self._stopped() or (self._is_there and not self._work.follow)

    @property
    def skipped(self) -> frozenset[int]:
        """Positions of events that do not go into the lake."""
        return self._lake.skipped

    def checkpoints(self, partitions: Collection[int]) -> Mapping[int, Checkpoint]:
        """Return where the lake goes on in partitions."""
        return self._lake.checkpoints(partitions)

    def commit(self, batch: Batch) -> bool:
        """Take a batch in as a whole; False, and nothing taken, if it begins elsewhere."""
        taken = self._lake.commit(batch)
        self._tidy()
        return taken

    def _tidy(self) -> None:
        """Let a lake that was rebuilt be seen once it is there; merge and remove what is due."""
        lake = self._lake
        if lake.is_rebuilding and self._is_there and not lake.stops_sooner():
            lake.swap()
        while not self._stopped() and lake.merge(self._work.sizes):
            pass
        lake.expire()
        self._moved(lake.manifest)

    @property
    def _is_there(self) -> bool:
        parts = self._lake.manifest.partitions
        return all(
            parts[number].position >= end or parts[number].error is not None
            for number, end in self._work.origin.goal.items()
        )
