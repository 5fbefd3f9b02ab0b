"""What is counted: failing sources, their successes, and failing signatures; all with caps."""

from services.cognition.statistical.evidence import Evidence, Room
from services.cognition.statistical.limits import Limits
from services.cognition.statistical.phrase import Phrase
from services.cognition.statistical.spike import Spike

_PROBED = 16
_TEMPLATES = 8


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


class SignatureTally:
    """All failing lines of one signature.

    Attributes:
        phrase: the signature.
        total: the weight of all of them, loud or not.
        evidence: the loud ones.
        owners: the number of each address they mention (from 1; 0 stands for none), ...
        owned: ... and the weight of each.
        spike: how dense the loud ones come.
        templates: how many lines each template of theirs has.
        client: they are answers 4xx.
    """

    __slots__ = ("client", "evidence", "owned", "owners", "phrase", "spike", "templates", "total")

    def __init__(self, phrase: Phrase, client: bool, room: Room) -> None:
        self.phrase = phrase
        self.client = client
        self.total = 0
        self.evidence = Evidence(room)
        self.owners: dict[str, int] = {}
        self.owned = [0]
        self.spike = Spike()
        self.templates: dict[int, int] = {}

    def owner(self, mentions: tuple[str, ...], weight: int, most: int) -> int:
        """The number of the address these lines are of, counting `weight` for it."""
        for name in mentions:
            at = self.owners.get(name)
            if at is not None:
                break
        else:
            if not mentions or len(self.owners) >= most:
                at = 0
            else:
                at = self.owners[mentions[0]] = len(self.owned)
                self.owned.append(0)
        self.owned[at] += weight
        return at

    def of(self, template: int) -> None:
        """Note the template of a line."""
        if template in self.templates or len(self.templates) < _TEMPLATES:
            self.templates[template] = self.templates.get(template, 0) + 1

    def join(self, other: "SignatureTally", most: int) -> None:
        """Take over what `other` counted."""
        self.total += other.total
        moved = {0: 0}
        for name, at in other.owners.items():
            moved[at] = self.owner((name,), other.owned[at], most)
        self.owned[0] += other.owned[0]
        self.evidence.join(other.evidence.moved(moved))
        self.spike.join(other.spike)
        for template, count in other.templates.items():
            self.of(template)
            if template in self.templates:
                self.templates[template] += count - 1
