"""Which files are in a lake, and how far it has come: one small file, replaced as a whole.

Rows and checkpoints move in that one replacement, so that a crash neither loses nor doubles any.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.ports import Checkpoint
from services.lake.disk import replace
from services.lake.errors import LakeDamaged, NoLake

CURRENT: Final = "manifest.json"
"""What readers follow."""
REBUILDING: Final = "rebuilding.json"
"""That of a lake that is built anew in the same folder; it becomes the current one."""


class Part(BaseModel):
    """A part of a manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFile(Part):
    """A file of a data set."""

    name: str
    rows: int
    first: int
    """Lowest position of its rows."""
    last: int
    """Highest position of its rows; between them are rows of other files, too."""
    bytes: int
    """Size on the disk."""
    plain_bytes: int
    """Size of its rows in memory."""
    fingerprint: str
    """How events of the schema begin that its columns are of, hex."""


class At(Part):
    """How far the lake has come in one partition."""

    position: int = 0
    """Every event up to there is in the lake."""
    marks: dict[str, int] = {}
    """The source's own notes on where to go on."""
    failed_position: int | None = None
    """Event that stopped it there; null while it goes on, or where nobody can tell."""
    error: str | None = None
    """Why it does not go on; null while it does."""

    @property
    def checkpoint(self) -> Checkpoint:
        """Where a reader of the partition goes on."""
        return Checkpoint(self.position, self.marks)

    @property
    def reach(self) -> int:
        """Last position up to which nothing is missing, be it of other partitions."""
        return self.position if self.failed_position is None else self.failed_position - 1

    def going_on(self) -> "At":
        """Return it with what stopped it forgotten."""
        return self.model_copy(update={"failed_position": None, "error": None})


class Skip(Part):
    """A decision that an event which stopped the lake never goes in."""

    position: int
    partition: int
    error: str
    """What stopped the lake there."""
    why: str
    decided_by: str
    decided_at: datetime


class Retired(Part):
    """A file that is in the lake no more, kept for readers who still have its name."""

    path: str
    """Data set and name."""
    since: datetime


class Manifest(Part):
    """All that is known of a lake."""

    format: Literal[1] = 1
    source: str
    """Whose events they are: the `ce_source` of a store."""
    partitions: dict[int, At]
    data_sets: dict[str, tuple[DataFile, ...]] = {}
    """Topic to files."""
    retired: tuple[Retired, ...] = ()
    skips: tuple[Skip, ...] = ()

    @property
    def rows(self) -> int:
        """How many events are in the lake."""
        return sum(file.rows for files in self.data_sets.values() for file in files)

    def paths(self) -> Iterator[str]:
        """Yield data set and name of every file in the lake."""
        for topic, files in self.data_sets.items():
            yield from (f"{topic}/{file.name}" for file in files)

    def every_path(self) -> Iterator[str]:
        """Yield those too that are kept for a while."""
        yield from self.paths()
        yield from (each.path for each in self.retired)

    def failed(self) -> dict[int, At]:
        """Return the partitions that do not go on."""
        return {number: at for number, at in self.partitions.items() if at.error is not None}

    def continues(self, old: "Manifest") -> bool:
        """Tell whether it is of the same events in the same partitions."""
        return self.source == old.source and self.partitions.keys() == old.partitions.keys()

    def stops_sooner_than(self, old: "Manifest") -> bool:
        """Tell whether it was stopped in a partition before what an older one has there."""
        return self.continues(old) and any(
            at.reach < old.partitions[number].reach for number, at in self.failed().items()
        )

    def passing_over(self, skip: Skip) -> "Manifest":
        """Return it with a decision, and going on where that event stopped it."""
        parts = {
            number: at.going_on() if at.failed_position == skip.position else at
            for number, at in self.partitions.items()
        }
        return self.model_copy(update={"partitions": parts, "skips": (*self.skips, skip)})

    def with_files(self, changed: Mapping[str, tuple[DataFile, ...]]) -> "Manifest":
        """Return it with other files in some data sets."""
        return self.model_copy(update={"data_sets": {**self.data_sets, **changed}})

    def with_retired(self, paths: Iterator[str], now: datetime) -> "Manifest":
        """Return it with more files that are kept for a while."""
        more = tuple(Retired(path=path, since=now) for path in paths)
        return self.model_copy(update={"retired": self.retired + more})


def load(folder: Path, name: str = CURRENT) -> Manifest | None:
    """Return the manifest of a lake, None if there is none.

    Raises:
        LakeDamaged: it is not what was written.
        OSError: it can't be read.
    """
    try:
        return Manifest.model_validate_json((folder / name).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LakeDamaged(
            f"{folder / name} is no manifest of a lake that this version knows"
            f" ({where or 'JSON'}: {first['msg']})",
            "use the version that wrote it, or move the folder away and export anew",
        ) from wrong


def existing(folder: Path) -> Manifest:
    """Return the manifest that readers follow.

    Raises:
        NoLake: there is none.
        LakeDamaged: it is not what was written.
        OSError: it can't be read.
    """
    found = load(folder)
    if found is None:
        raise NoLake(f"there is no lake at {folder}", "`perpetua export` makes one")
    return found


def save(folder: Path, manifest: Manifest, name: str = CURRENT) -> None:
    """Replace the manifest; it is on the disk when this returns."""
    replace(folder / name, manifest.model_dump_json().encode())
