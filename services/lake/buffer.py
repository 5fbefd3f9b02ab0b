"""Events on their way into files: rows, then columns, by topic."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from time import monotonic
from typing import Final

import pyarrow as pa

from domain.ports import Checkpoint, Stretch
from services.lake import files
from services.lake.rows import Row, batch, row
from services.lake.sink import Batch, Failure
from services.lake.sizes import Sizes
from services.store.reading import BATCH_BYTES

logger = logging.getLogger(__name__)

_LONGEST_ERROR: Final = 500


class Buffer:
    """Stretches of any partitions, those of one following each other."""

    def __init__(self, skipped: frozenset[int], sizes: Sizes) -> None:
        """Begin empty; events at these positions are passed over."""
        self._skipped = skipped
        self._sizes = sizes
        self.ends: dict[int, Checkpoint] = {}
        """Partition to where its stretches end."""
        self._starts: dict[int, int] = {}
        self._failed: dict[int, Failure] = {}
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)
        self._waiting = self._waiting_bytes = 0
        self._columns: defaultdict[str, list[pa.RecordBatch]] = defaultdict(list)
        self._plain_bytes = 0
        self._began = monotonic()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write or to tell."""
        return not self._rows and not self._columns and not self._failed

    @property
    def is_full(self) -> bool:
        """Whether it is as large as a batch should be."""
        return self._plain_bytes >= self._sizes.batch_bytes

    @property
    def age_secs(self) -> float:
        """How long ago it was begun."""
        return monotonic() - self._began

    @property
    def failed(self) -> set[int]:
        """The partitions that do not go on."""
        return set(self._failed)

    def follows(self, stretch: Stretch) -> bool:
        """Tell whether a stretch goes on where its partition ends here."""
        end = self.ends.get(stretch.partition)
        return end is None or end.position == stretch.start.position

    def add(self, stretches: Iterable[Stretch]) -> set[int]:
        """Take in stretches that follow; return the partitions in which an event is at fault.

        Of those there is what comes before that event.
        """
        stopped = {stretch.partition for stretch in stretches if not self._add(stretch)}
        if self._waiting >= self._sizes.rows or self._waiting_bytes >= BATCH_BYTES:
            self._make_columns()
        return stopped

    def _add(self, stretch: Stretch) -> bool:
        self._starts.setdefault(stretch.partition, stretch.start.position)
        self.ends[stretch.partition] = stretch.end
        for count, step in enumerate(stretch.steps):
            stored = step.stored
            if stored.position in self._skipped:
                continue
            try:
                self._rows[stored.topic].append(row(stored))
            except Exception as error:  # whatever is wrong with its bytes
                self.ends[stretch.partition] = (
                    stretch.split(count)[0].end if count else stretch.start
                )
                self.fail(stretch.partition, stored.position, error)
                return False
            self._waiting += 1
            self._waiting_bytes += len(stored.state)
        return True

    def fail(self, partition: int, position: int | None, error: Exception) -> None:
        """Note that a partition does not go on."""
        text = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
        self._failed[partition] = Failure(position, text)
        logger.error(
            "the lake is stopped in one partition",
            extra={"partition": partition, "position": position, "why": text},
        )

    def write(self, folder: Path) -> Batch:
        """Write everything into files; return them as the batch they are."""
        self._make_columns()
        written = {
            topic: files.write(folder, topic, pa.Table.from_batches(parts))
            for topic, parts in self._columns.items()
        }
        return Batch(written, self._starts, self.ends, self._failed)

    def _make_columns(self) -> None:
        for topic, rows in self._rows.items():
            if rows:
                made = batch(topic, rows).sort_by("position")
                self._columns[topic].append(made)
                self._plain_bytes += made.nbytes
        self._rows.clear()
        self._waiting = self._waiting_bytes = 0
