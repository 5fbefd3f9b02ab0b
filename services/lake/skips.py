"""What people decided that a lake passes over: events that stopped it and never will go in.

A decision is kept in the manifest and outlives a rebuild, so that a lake built anew is equal.
"""

from datetime import datetime
from pathlib import Path

from services.lake import manifest as manifests
from services.lake.errors import NotWhatStopsIt
from services.lake.lock import only_writer
from services.lake.manifest import REBUILDING, At, Manifest, Skip


def decide(
    folder: Path, position: int, why: str, decided_by: str, decided_at: datetime
) -> Manifest:
    """Record that a lake passes over what stopped it; return its manifest.

    Raises:
        NoLake: there is none.
        LakeHeld: a process is writing to it.
        NotWhatStopsIt: another event stopped it, or none.
        LakeDamaged: its manifest can't be read.
    """
    manifests.existing(folder)
    with only_writer(folder):
        current = manifests.existing(folder)
        stopped = _stopped(folder, current)
        if position not in stopped:
            raise NotWhatStopsIt(folder, position, sorted(stopped))
        number, error = stopped[position]
        changed = current.passing_over(
            Skip(
                position=position, partition=number, error=error, why=why, decided_by=decided_by,
                decided_at=decided_at,
            )
        )  # fmt: skip
        manifests.save(folder, changed)
        return changed


def _stopped(folder: Path, current: Manifest) -> dict[int, tuple[int, str]]:
    """Return position to partition and error: what stopped the lake, or building it anew."""
    parts: list[tuple[int, At]] = [*current.failed().items()]
    anew = manifests.load(folder, REBUILDING)
    if anew and anew.continues(current):
        parts += anew.failed().items()
    return {
        at.failed_position: (number, at.error)
        for number, at in parts
        if at.failed_position is not None and at.error is not None
    }
