"""Files each line under its template, and takes what varies out of its signature."""

from collections.abc import Iterable

from services.cognition.statistical.limits import Limits
from services.cognition.statistical.noticed import Noticing
from services.cognition.statistical.phrase import Phrase
from services.cognition.statistical.reading import Reading
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
        self.templates = Templates(limits)

    def __len__(self) -> int:
        return len(self._filed)

    def file(
        self, reading: Reading, noticing: Noticing
    ) -> tuple[int, Phrase | None, Iterable[tuple[str, Phrase]]]:
        """The template and the signature of a line, and the signatures renamed by it."""
        meaning = reading.meaning
        renamed: Iterable[tuple[str, Phrase]] = ()
        known = self._filed.get(reading.shape)
        if known is None or self.templates.touch(known[0]) is None:
            number, new = self.templates.find(meaning.template, meaning.anchor)
            self.templates.touch(number)
            if new:
                noticing.new(number)
            phrase, renamed = self._settle(reading, number)
            known = number, phrase
            if len(self._filed) >= self._limits.shapes:
                for old in list(self._filed)[: self._limits.shapes // 4]:
                    del self._filed[old]
            self._filed[reading.shape] = known
        noticing.template(known[0])
        told = known[1] if reading.signature is meaning.signature else reading.signature
        return known[0], self._renamed.get(told.key, told) if told else None, renamed

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
