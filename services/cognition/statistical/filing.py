"""Files each line under its template, and takes what varies out of its signature."""

from collections.abc import Iterable, Sequence

from services.cognition.statistical.limits import Limits
from services.cognition.statistical.lines.phrase import Phrase
from services.cognition.statistical.lines.reading import Reading
from services.cognition.statistical.noticed import Noticing
from services.cognition.statistical.template import Templates


class Filing:
    """Remembers where lines of a shape belong.

    A signature's neighbour that changes from line to line within one template is no part of it:
    then the signatures met so far are renamed to one without it.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._filed: dict[str, tuple[int, Phrase | None]] = {}
        self._renamed: dict[str, Phrase] = {}
        self._values: dict[str, set[str]] = {}
        self.templates = Templates(limits)

    def __len__(self) -> int:
        return len(self._filed)

    def fields(self) -> int:
        """How many fields' values are remembered."""
        return len(self._values)

    def file(
        self, reading: Reading, noticing: Noticing
    ) -> tuple[int, Phrase | None, Iterable[tuple[str, Phrase]]]:
        """The template and the signature of a line, and the signatures renamed by it."""
        meaning = reading.meaning
        renamed: Iterable[tuple[str, Phrase]] = ()
        few: Sequence[str]
        shape, few = reading.shape, ()
        if reading.words:
            few = self._few(reading.words)
            shape = "\n".join((shape, *few))
        known = self._filed.get(shape)
        if known is None or self.templates.touch(known[0]) is None:
            template = _with(few, meaning.template) if few else meaning.template
            number, new = self.templates.find(template, meaning.anchor)
            self.templates.touch(number)
            if new:
                noticing.new(number)
            phrase, renamed = self._settle(reading, number)
            known = number, phrase
            if len(self._filed) >= self._limits.shapes:
                for old in list(self._filed)[: self._limits.shapes // 4]:
                    del self._filed[old]
            self._filed[shape] = known
        noticing.template(known[0])
        told = known[1] if reading.signature is meaning.signature else reading.signature
        return known[0], self._renamed.get(told.key, told) if told else None, renamed

    def _few(self, words: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Those of a line's fields that have had few values: `label=value` each."""
        few = []
        for label, value in words:
            met = self._values.get(label)
            if met is None:
                if len(self._values) >= self._limits.fields:
                    continue
                met = self._values[label] = set()
            if value not in met and len(met) <= self._limits.field_values:
                met.add(value)
            if len(met) <= self._limits.field_values:
                few.append(f"{label}={value}")
        return tuple(few)

    def _settle(
        self, reading: Reading, number: int
    ) -> tuple[Phrase | None, Iterable[tuple[str, Phrase]]]:
        meaning = reading.meaning
        told, general = meaning.signature, meaning.general
        template = self.templates.get(number)
        if told is None or general is None or template is None or meaning.neighbour < 0:
            return told, ()
        if len(template.neighbours) >= self._limits.variety:
            return general, ()
        template.neighbours[told.key] = None
        if len(template.neighbours) < self._limits.variety:
            return told, ()
        renamed = [(key, general) for key in template.neighbours if key != general.key]
        self._renamed.update(renamed)
        return general, renamed


def _with(few: Iterable[str], template: Sequence[str]) -> Sequence[str]:
    """A template whose fields have these values instead of `*`."""
    values = {f"{each.partition('=')[0]}=*": each for each in few}
    return [
        values.get(word.removesuffix(","), word.removesuffix(",")) + "," * word.endswith(",")
        for word in template
    ]
