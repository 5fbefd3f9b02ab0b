"""Where batches of files go, and what is in them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.ports import Checkpoint
from services.lake.manifest import DataFile


@dataclass(frozen=True, slots=True)
class Failure:
    """What stopped a partition."""

    position: int | None
    """Event at fault; None where it is the source that can't be read on."""
    error: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Files on their way into a lake, and the stretches of partitions they hold, whole."""

    files: Mapping[str, DataFile] = field(default_factory=dict)
    """Topic to the one new file of its data set."""
    starts: Mapping[int, int] = field(default_factory=dict)
    """Partition to the position after which the files have its events."""
    ends: Mapping[int, Checkpoint] = field(default_factory=dict)
    """Partition to where they end."""
    failed: Mapping[int, Failure] = field(default_factory=dict)
    """Partitions that do not go on."""


class Sink(Protocol):
    """Takes batches into a lake."""

    @property
    def skipped(self) -> frozenset[int]:
        """Positions of events that do not go into the lake."""
        ...

    def checkpoints(self, partitions: Collection[int]) -> Mapping[int, Checkpoint]:
        """Return where the lake goes on in partitions."""
        ...

    def commit(self, batch: Batch) -> bool:
        """Take a batch in as a whole; False, and nothing taken, if it begins elsewhere."""
        ...
