"""What is counted of failing signatures, with caps."""

from collections.abc import Iterator, Mapping

from services.cognition.statistical.evidence import Evidence, Room
from services.cognition.statistical.limits import Limits
from services.cognition.statistical.lines.phrase import Phrase
from services.cognition.statistical.spike import Spike

_PROBED = 16
_TEMPLATES = 8


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


class Signatures(Mapping[str, SignatureTally]):
    """The failing signatures by key; the least of the longest silent makes room."""

    def __init__(self, limits: Limits, room: Room) -> None:
        self._limits = limits
        self._room = room
        self._all: dict[str, SignatureTally] = {}

    def __getitem__(self, key: str) -> SignatureTally:
        return self._all[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def touch(self, phrase: Phrase, client: bool) -> SignatureTally:
        """The tally to count a line of this signature in."""
        tally = self._all.pop(phrase.key, None)
        if tally is None:
            if len(self._all) >= self._limits.signatures:
                oldest = [key for key, _ in zip(self._all, range(_PROBED), strict=False)]
                least = min(oldest, key=lambda key: self._all[key].total)
                self._all.pop(least).evidence.forget()
            tally = SignatureTally(phrase, client, self._room)
        self._all[phrase.key] = tally
        return tally

    def rename(self, old: str, new: Phrase) -> None:
        """Count what was counted for signature `old` for `new`."""
        gone = self._all.pop(old, None)
        if gone is not None:
            self.touch(new, gone.client).join(gone, self._limits.addresses_each)
