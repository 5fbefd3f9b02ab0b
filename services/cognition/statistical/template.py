"""Template mining after Drain (He et al., ICWS 2017), bounded, and never across failing words.

Messages of one length and one anchor (the failing word, else the first constant one) are a
group; in it a message joins the template it shares most words with, at least half. Words that
differ become `*`. Why not the library: docs/decisions/0005-template-mining.md.
"""

from collections.abc import Sequence

from services.cognition.statistical.limits import Limits

_HALF = 0.5


class Template:
    """One template.

    Attributes:
        words: its words, `*` for what varies.
        size: how many lines it stands for.
        neighbours: the words met where a failure's signature has its neighbour.
    """

    __slots__ = ("group", "neighbours", "size", "words")

    def __init__(self, words: Sequence[str], group: tuple[int, str]) -> None:
        self.words = list(words)
        self.group = group
        self.size = 0
        self.neighbours: dict[str, None] = {}

    def text(self, most: int = 120) -> str:
        """The template on one line of at most `most` printable characters."""
        line = " ".join(self.words)
        clean = "".join(c if c.isprintable() else "?" for c in line[:most])
        return clean if len(line) <= most else clean.rstrip() + "…"


class Templates:
    """The templates met so far; the least recently met make room for new ones."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all: dict[int, Template] = {}
        self._groups: dict[tuple[int, str], list[int]] = {}
        self._last = 0

    def find(self, message: Sequence[str], anchor: str) -> tuple[int, bool]:
        """The number of the message's template, and whether it was made just now."""
        message = message[: self._limits.tokens]
        group = (len(message), anchor)
        best, score = -1, _HALF * len(message) if message else -1.0
        for number in self._groups.get(group, ()):
            known = self._all[number].words
            same = sum(map(str.__eq__, known, message))
            if same >= score and (same > score or best < 0):
                best, score = number, same
        if best >= 0:
            known = self._all[best].words
            for at, word in enumerate(message):
                if known[at] != word:
                    known[at] = _common(known[at], word)
            return best, False
        return self._make(message, group), True

    def touch(self, number: int) -> Template | None:
        """Count a line of that template; None if it made room since."""
        found = self._all.pop(number, None)
        if found is not None:
            self._all[number] = found
            found.size += 1
        return found

    def get(self, number: int) -> Template | None:
        """The template of that number; None if it made room since."""
        return self._all.get(number)

    def size(self) -> int:
        """How many templates are kept."""
        return len(self._all)

    def _make(self, message: Sequence[str], group: tuple[int, str]) -> int:
        if len(self._all) >= self._limits.templates:
            self._drop(next(iter(self._all)))
        crowd = self._groups.setdefault(group, [])
        if len(crowd) >= self._limits.crowd:
            self._drop(crowd[0])
            crowd = self._groups.setdefault(group, [])
        self._last += 1
        self._all[self._last] = Template(message, group)
        crowd.append(self._last)
        return self._last

    def _drop(self, number: int) -> None:
        gone = self._all.pop(number)
        crowd = self._groups[gone.group]
        crowd.remove(number)
        if not crowd:
            del self._groups[gone.group]


def _common(one: str, other: str) -> str:
    """What two words in one place have in common: the name of a field, or nothing."""
    name, sign, _ = one.partition("=")
    if not sign or not other.startswith(f"{name}="):
        return "*"
    return f"{name}=*," if one.endswith(",") and other.endswith(",") else f"{name}=*"
