"""What was noticed while reading some lines: the numbers an observation is told with."""

from dataclasses import dataclass

from services.cognition.statistical.lines.phrase import Phrase
from services.cognition.statistical.template import Templates

_TOP = 5
_KEPT = 256


@dataclass(frozen=True, slots=True)
class Noticed:
    """The lines of one reading in numbers.

    Attributes:
        lines: how many lines were read.
        failing: the weight of those that tell of a failure.
        new_templates: how many kinds of message were met for the first time.
        new: up to five of them, the most frequent of these lines first.
        top: up to five failing signatures with their weight in these lines.
    """

    lines: int
    failing: int
    new_templates: int
    new: tuple[str, ...]
    top: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        """One or two sentences."""
        told = f"Read {self.lines:,} lines; {self.failing:,} tell of a failure"
        if self.top:
            told += ": " + ", ".join(f"'{name}' {count:,}" for name, count in self.top)
        told += f". {self.new_templates:,} new kinds of message"
        if self.new:
            told += ", such as " + "; ".join(f"'{text}'" for text in self.new[:3])
        return told + "."


class Noticing:
    """Counts for one reading; bounded, so that a reading may be of any length."""

    def __init__(self) -> None:
        self._lines = self._failing = self._made = 0
        self._new: dict[int, int] = {}
        self._signatures: dict[str, list[int]] = {}
        self._texts: dict[str, str] = {}

    def line(self) -> None:
        """A line was read."""
        self._lines += 1

    def new(self, template: int) -> None:
        """A template was met for the first time."""
        self._made += 1
        if len(self._new) < _KEPT:
            self._new[template] = 0

    def template(self, template: int) -> None:
        """A line of that template was read."""
        if template in self._new:
            self._new[template] += 1

    def failing(self, phrase: Phrase, weight: int) -> None:
        """A failing line was read."""
        self._failing += weight
        if phrase.key in self._texts or len(self._texts) < _KEPT:
            self._texts.setdefault(phrase.key, phrase.text)
            self._signatures.setdefault(phrase.key, [0])[0] += weight

    def result(self, templates: Templates) -> Noticed:
        """What was noticed."""
        new = sorted(self._new, key=lambda number: (-self._new[number], number))[:_TOP]
        top = sorted(self._signatures, key=lambda key: (-self._signatures[key][0], key))[:_TOP]
        found = (templates.get(number) for number in new)
        return Noticed(
            lines=self._lines,
            failing=self._failing,
            new_templates=self._made,
            new=tuple(template.text() for template in found if template is not None),
            top=tuple((self._texts[key], self._signatures[key][0]) for key in top),
        )
