"""Opening a lake to write to it, as the only one who does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.events import EVENT_CLASSES
from services.lake import manifest as manifests
from services.lake.disk import make_folder
from services.lake.errors import LakeForeign, NoLake
from services.lake.lake import Lake
from services.lake.lock import LOCK, only_writer
from services.lake.manifest import CURRENT, REBUILDING, At, Manifest


@contextmanager
def opened(folder: Path, source: str, partitions: int, *, rebuild: bool = False) -> Iterator[Lake]:
    """Be the one writer of a lake for as long as the block lasts; make it if there is none.

    What stopped a partition is tried again.

    Args:
        folder: where it is.
        source: whose events go into it, the `ce_source` of a store.
        partitions: how many there are.
        rebuild: begin another one in its place, that passes over the same events; readers see
            the old one until `Lake.swap`.

    Raises:
        LakeHeld: another process writes to it.
        LakeForeign: it holds the events of another store, or has other partitions.
        NoLake: the folder holds something else.
        LakeDamaged: its manifest can't be read.
        OSError: the folder can't be written.
    """
    make_folder(folder)
    _must_be_ours(folder)
    with only_writer(folder):
        found = manifests.load(folder)
        (folder / REBUILDING).unlink(missing_ok=True)
        name = REBUILDING if rebuild else CURRENT
        if found and not rebuild:
            _must_fit(folder, found, source, partitions)
        if found is None or rebuild:
            found = _begun(found, source, partitions)
            manifests.save(folder, found, name)
        lake = Lake(folder, _trying_again(found), name)
        lake.sweep()
        lake.expire()
        yield lake


def _must_be_ours(folder: Path) -> None:
    """See that nothing of anybody else's could be taken for ours."""
    ours = {CURRENT, REBUILDING, LOCK, *EVENT_CLASSES}
    ours |= {f"{name}.new" for name in (CURRENT, REBUILDING)}
    for path in folder.iterdir():
        if path.name not in ours:
            raise NoLake(f"{folder} holds {path.name}, which is no part of a lake",
                         "export into a new folder, or move that away")  # fmt: skip


def _must_fit(folder: Path, found: Manifest, source: str, partitions: int) -> None:
    hint = "export into another folder, or begin this one anew with --rebuild"
    if found.source != source:
        raise LakeForeign(
            f"{folder} holds the events of {found.source}, these are those of {source}", hint
        )
    if len(found.partitions) != partitions:
        raise LakeForeign(
            f"{folder} has {len(found.partitions)} partitions, the events have {partitions}", hint
        )


def _begun(old: Manifest | None, source: str, partitions: int) -> Manifest:
    """Return an empty lake that passes over what the old one of these events does."""
    begun = Manifest(source=source, partitions={n: At() for n in range(partitions)})
    if old and begun.continues(old):
        return begun.model_copy(update={"skips": old.skips})
    return begun


def _trying_again(found: Manifest) -> Manifest:
    parts = {number: at.going_on() for number, at in found.partitions.items()}
    return found.model_copy(update={"partitions": parts})
