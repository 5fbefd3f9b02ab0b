"""What is counted of sources: their failures and their successes, with caps."""

from services.cognition.statistical.evidence import Evidence, Room
from services.cognition.statistical.limits import Limits

_PROBED = 16


class SourceTally:
    """The failures of one source, by signature.

    Attributes:
        evidence: the lines of each signature, by its key.
        late: it may have failed before, and have been forgotten.
    """

    __slots__ = ("evidence", "late")

    def __init__(self, late: bool) -> None:
        self.evidence: dict[str, Evidence] = {}
        self.late = late

    @property
    def total(self) -> int:
        """The weight of all its failing lines; one incident may be several lines."""
        return sum(evidence.total for evidence in self.evidence.values())


class Sources:
    """The failing sources; beyond the cap the least of the longest silent makes room."""

    def __init__(self, limits: Limits, room: Room) -> None:
        self._limits = limits
        self._room = room
        self._forgotten = False
        self._successes: dict[str, int] = {}
        self.tallies: dict[str, SourceTally] = {}

    def succeed(self, source: str, weight: int) -> None:
        """Count a success."""
        before = self._successes.pop(source, 0)
        self._successes[source] = before + weight
        if len(self._successes) > self._limits.successes:
            oldest = [name for name, _ in zip(self._successes, range(_PROBED), strict=False)]
            del self._successes[min(oldest, key=lambda name: self._successes[name])]

    def successes(self, source: str) -> int:
        """How often the source succeeded."""
        return self._successes.get(source, 0)

    def size(self) -> int:
        """How many sources' successes are kept."""
        return len(self._successes)

    def fail(self, source: str, key: str) -> Evidence | None:
        """The evidence to add a failing line to; None if the source has too many signatures."""
        tally = self.tallies.pop(source, None)
        if tally is None:
            if len(self.tallies) >= self._limits.sources:
                self._forget()
            tally = SourceTally(self._forgotten)
        self.tallies[source] = tally
        if key not in tally.evidence:
            if len(tally.evidence) >= self._limits.signatures_each:
                return None
            tally.evidence[key] = Evidence(self._room, tally.late)
        return tally.evidence[key]

    def rename(self, old: str, new: str) -> None:
        """Count what was counted for signature `old` for `new`."""
        for tally in self.tallies.values():
            found = tally.evidence.pop(old, None)
            if found is not None:
                if new in tally.evidence:
                    tally.evidence[new].join(found)
                else:
                    tally.evidence[new] = found

    def _forget(self) -> None:
        oldest = [name for name, _ in zip(self.tallies, range(_PROBED), strict=False)]
        gone = self.tallies.pop(min(oldest, key=lambda name: self.tallies[name].total))
        for evidence in gone.evidence.values():
            evidence.forget()
        self._forgotten = True
