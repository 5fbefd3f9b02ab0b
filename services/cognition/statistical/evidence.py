"""Lines kept as evidence for a count, with a cap, in a few bytes each."""

from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from services.cognition.statistical.limits import Limits
from services.cognition.statistical.lines.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Cited:
    """What a count rests on.

    Attributes:
        count: the sum of the weights of the cited lines.
        lines: how many lines are cited.
        cites: the lines by position.
    """

    count: int
    lines: int
    cites: Mapping[int, tuple[int, ...]]


class Room:
    """How many lines all evidence together may still cite in full."""

    __slots__ = ("_limits", "used")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.used = 0

    def cap(self) -> int:
        """The most lines a count may cite now."""
        full = self.used >= self._limits.cites_all
        return self._limits.cites_late if full else self._limits.cites


class Evidence:
    """The lines of one count.

    Attributes:
        total: the weight of all lines, cited or not.
        capped: some could not be cited, or may have been forgotten before.
        first, last: the earliest and the latest time stamp of them.
    """

    __slots__ = (
        "_numbers",
        "_owners",
        "_positions",
        "_room",
        "_weights",
        "capped",
        "first",
        "last",
        "total",
    )

    def __init__(self, room: Room, capped: bool = False) -> None:
        self._room = room
        self._positions, self._numbers = array("q"), array("q")
        self._weights, self._owners = array("i"), array("h")
        self.total = 0
        self.capped = capped
        self.first: Stamp | None = None
        self.last: Stamp | None = None

    def __len__(self) -> int:
        return len(self._positions)

    def add(
        self, position: int, number: int, weight: int, when: Stamp | None, owner: int = 0
    ) -> None:
        """Count a line; cite it if there is room."""
        self.total += weight
        if when is not None:
            self._see(when, when)
        if len(self._positions) >= self._room.cap():
            self.capped = True
            return
        self._room.used += 1
        self._positions.append(position)
        self._numbers.append(number)
        self._weights.append(weight)
        self._owners.append(owner)

    def _see(self, first: Stamp, last: Stamp) -> None:
        if self.first is None or first.minute < self.first.minute:
            self.first = first
        if self.last is None or last.minute >= self.last.minute:
            self.last = last

    def join(self, other: "Evidence") -> None:
        """Take over what `other` has."""
        self.total += other.total - sum(other._weights)
        self.capped = self.capped or other.capped
        for position, number, weight, owner in other:
            self._room.used -= 1
            self.add(position, number, weight, None, owner)
        if other.first is not None and other.last is not None:
            self._see(other.first, other.last)

    def moved(self, owners: Mapping[int, int]) -> "Evidence":
        """The same with its owners renumbered."""
        self._owners = array("h", [owners[owner] for owner in self._owners])
        return self

    def forget(self) -> None:
        """Give its room back."""
        self._room.used -= len(self._positions)

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        return zip(self._positions, self._numbers, self._weights, self._owners, strict=True)

    def cited(self, without: Collection[int] = ()) -> Cited:
        """The cited lines but those of the owners named."""
        cites: dict[int, list[int]] = {}
        count = lines = 0
        for position, number, weight, owner in self:
            if owner not in without:
                cites.setdefault(position, []).append(number)
                count += weight
                lines += 1
        return Cited(count, lines, {at: tuple(sorted(cites[at])) for at in sorted(cites)})
