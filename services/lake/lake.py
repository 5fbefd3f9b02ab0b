"""The one writer of a lake: takes in batches of files, or refuses them, and keeps it tidy."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final

from domain.events import EVENT_CLASSES
from domain.ports import Checkpoint
from services import clock
from services.lake import manifest as manifests
from services.lake import merging
from services.lake.files import NAME
from services.lake.manifest import CURRENT, REBUILDING, At, Manifest
from services.lake.sink import Batch
from services.lake.sizes import Sizes

GRACE: Final = timedelta(hours=1)
"""How long a file stays that is in the lake no more: for readers who have its name."""


class Lake:
    """A lake that this process alone writes to. Not safe to be used from two threads at once."""

    def __init__(self, folder: Path, manifest: Manifest, name: str) -> None:
        """Not for callers: see `opening.opened`."""
        self.folder = folder
        self.manifest = manifest
        self._name = name

    @property
    def is_rebuilding(self) -> bool:
        """Whether readers still see the one it is to replace."""
        return self._name == REBUILDING

    @property
    def skipped(self) -> frozenset[int]:
        """Positions of events that do not go into it."""
        return frozenset(each.position for each in self.manifest.skips)

    def checkpoints(self, partitions: Collection[int]) -> dict[int, Checkpoint]:
        """Return where it goes on in partitions."""
        return {number: self.manifest.partitions[number].checkpoint for number in partitions}

    def commit(self, batch: Batch) -> bool:
        """Take a batch in as a whole; False, and nothing taken, if it begins elsewhere."""
        stands = self.manifest.partitions
        if any(stands[number].position != start for number, start in batch.starts.items()):
            self._remove(f"{topic}/{file.name}" for topic, file in batch.files.items())
            return False
        ends = {
            number: At(position=end.position, marks=dict(end.marks))
            for number, end in batch.ends.items()
        }
        for number, failure in batch.failed.items():
            at = ends.get(number, stands[number])
            told = {"failed_position": failure.position, "error": failure.error}
            ends[number] = at.model_copy(update=told)
        there = self.manifest.data_sets
        added = {topic: (*there.get(topic, ()), file) for topic, file in batch.files.items()}
        moved = self.manifest.model_copy(update={"partitions": {**stands, **ends}})
        self._save(moved.with_files(added))
        return True

    def merge(self, sizes: Sizes) -> bool:
        """Make one file of several somewhere; False if nowhere any are due."""
        for topic, there in self.manifest.data_sets.items():
            if merged := merging.due(topic, there, sizes):
                one = merging.merge(self.folder, topic, merged)
                kept = tuple(file for file in there if file not in merged)
                left = (f"{topic}/{file.name}" for file in merged)
                changed = self.manifest.with_files({topic: (*kept, one)})
                self._save(changed.with_retired(left, clock.now()))
                return True
        return False

    def stops_sooner(self) -> bool:
        """Tell whether one that is rebuilt was stopped before what readers have already."""
        old = manifests.load(self.folder)
        return old is not None and self.manifest.stops_sooner_than(old)

    def swap(self) -> None:
        """Put a lake that was built anew in the place of the old one, for readers at once."""
        if old := manifests.load(self.folder):
            kept = self.manifest.model_copy(update={"retired": self.manifest.retired + old.retired})
            self.manifest = kept.with_retired(old.paths(), clock.now())
        self._name = CURRENT
        self._save(self.manifest)
        (self.folder / REBUILDING).unlink(missing_ok=True)

    def expire(self) -> None:
        """Remove the files that are in the lake no more, once nobody can need them."""
        over = clock.now() - GRACE
        gone = [each for each in self.manifest.retired if each.since <= over]
        if gone:
            kept = tuple(each for each in self.manifest.retired if each.since > over)
            self._save(self.manifest.model_copy(update={"retired": kept}))
            self._remove(each.path for each in gone)

    def sweep(self) -> None:
        """Remove what a writer that died left behind; only while nobody writes."""
        known_of = [self.manifest]
        if self.is_rebuilding and (current := manifests.load(self.folder)):
            known_of.append(current)
        known = {path for each in known_of for path in each.every_path()}
        there = (
            f"{topic}/{path.name}"
            for topic in EVENT_CLASSES
            for path in (self.folder / topic).glob("*.parquet")
            if NAME.fullmatch(path.name)
        )
        self._remove([path for path in there if path not in known])

    def _save(self, changed: Manifest) -> None:
        manifests.save(self.folder, changed, self._name)
        self.manifest = changed

    def _remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            (self.folder / path).unlink(missing_ok=True)
