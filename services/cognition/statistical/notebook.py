"""What one watcher mined: a deterministic fold of lines, in memory that stays flat."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.cognition.statistical.burst import Read, error_bursts
from services.cognition.statistical.evidence import Room
from services.cognition.statistical.explained import Explained
from services.cognition.statistical.failing import failing_sources
from services.cognition.statistical.filing import Filing
from services.cognition.statistical.finding import Finding
from services.cognition.statistical.focus import Focus
from services.cognition.statistical.limits import LIMITS, Limits
from services.cognition.statistical.line import Line
from services.cognition.statistical.lines.phrase import Phrase
from services.cognition.statistical.lines.reading import Reader, Reading
from services.cognition.statistical.lines.repeat import repeat
from services.cognition.statistical.lines.stamp import Stamp, stamp
from services.cognition.statistical.lines.structured import structured
from services.cognition.statistical.noticed import Noticed, Noticing
from services.cognition.statistical.signatures import Signatures
from services.cognition.statistical.sources import Sources
from services.cognition.statistical.watchers import worth_watching


@dataclass(slots=True)
class _Place:
    """Where the reading of one stream of lines is: what a line may go on with."""

    since: int = -1  # lines since the last one with a time stamp; -1 before the first
    last: Reading | None = None


class Notebook:
    """Reads lines and keeps count; the same lines in any batches give the same findings."""

    def __init__(self, focus: Focus | None = None, limits: Limits = LIMITS) -> None:
        """Start an empty notebook.

        Args:
            focus: the only part to look at; None for everything.
            limits: thresholds and caps.
        """
        self.focus = focus
        self._limits = limits
        self._reader = Reader(limits)
        self._filing = Filing(limits)
        self._room = Room(limits)
        self._sources = Sources(limits, self._room)
        self._signatures = Signatures(limits, self._room)
        self._places: dict[str, _Place] = {}
        self._read = Read()
        self._found: Sequence[Finding] | None = None

    def read(self, lines: Iterable[Line]) -> Noticed:
        """Take in lines, in the order they were stored; what was noticed in them."""
        self._found = None
        noticing = Noticing()
        for line in lines:
            self._take(line, noticing)
        return noticing.result(self._filing.templates)

    def findings(self) -> Sequence[Finding]:
        """All that holds now, the most counted first; the same order for the same lines."""
        if self._found is None:
            self._found = self._find()
        return self._found

    def _find(self) -> Sequence[Finding]:
        failing = failing_sources(self._sources, self._signatures, self._limits)
        told = Explained(self._sources, failing, self._limits)
        templates = self._filing.templates
        bursts = error_bursts(self._signatures, told, self._read, templates, self._limits)
        return sorted([*failing, *bursts], key=lambda finding: (-finding.count, finding.key))

    def deserves_a_watcher(self) -> Sequence[Focus]:
        """Parts of the input that deserve a persona of their own, the most counted first."""
        if self.focus is not None:
            return ()
        return worth_watching(self._sources, self._signatures, self._limits)

    def sizes(self) -> dict[str, int]:
        """How much is kept, by table: each has its cap in `Limits`."""
        return {
            "shapes": self._reader.size(),
            "filed": len(self._filing),
            "fields": self._filing.fields(),
            "templates": self._filing.templates.size(),
            "sources": len(self._sources.tallies),
            "successes": self._sources.size(),
            "signatures": len(self._signatures),
            "places": len(self._places),
            "cites": self._room.used,
        }

    def _take(self, line: Line, noticing: Noticing) -> None:
        text = line.text[: self._limits.text].rstrip("\r\n")
        place = self._place(line.source)
        fields = structured(line.text, self._limits) if text[:1] == "{" else None
        moment = stamp(text) if fields is None else fields.moment
        repeated = repeat(text, self._limits.repeat) if "message repeated" in text else None
        if repeated is None or fields is not None:
            weight, reading = 1, self._reader.read(text, fields)
        elif repeated.text:
            weight, reading = repeated.times, self._reader.read(repeated.text)
        else:
            weight, reading = repeated.times, place.last or self._reader.read(text)
        self._read.lines += 1
        self._read.weight += weight
        if moment is not None:
            self._read.minutes.add(moment.minute, weight, moment.text)
            place.since = 0
        elif place.since >= 0:
            place.since += 1
        place.last = reading
        template, phrase, renamed = self._filing.file(reading, noticing)
        for old, new in renamed:
            self._sources.rename(old, new.key)
            self._signatures.rename(old, new)
        noticing.line()
        if (reading.loud or reading.blamed) and phrase is not None:
            if self.focus is None or self.focus.sees(phrase.key):
                noticing.failing(phrase, weight)
                self._fail(line, reading, phrase, weight, moment, place, template)
        elif reading.success:
            self._sources.succeed(reading.source, weight)

    def _fail(
        self,
        line: Line,
        reading: Reading,
        phrase: Phrase,
        weight: int,
        moment: Stamp | None,
        place: _Place,
        template: int,
    ) -> None:
        tally = self._signatures.touch(phrase, reading.client)
        tally.total += weight
        if reading.blamed:
            evidence = self._sources.fail(reading.source, phrase.key)
            if evidence is not None:
                evidence.add(line.position, line.number, weight, moment)
        goes_on = 0 < place.since <= self._limits.continued and not reading.meaning.level
        if reading.loud and not goes_on:
            owner = tally.owner(reading.mentions, weight, self._limits.addresses_each)
            tally.evidence.add(line.position, line.number, weight, moment, owner)
            tally.of(template)
            bucket = moment.minute if moment is not None else -1 - self._read.lines // 100
            tally.spike.add(bucket, weight, moment.text if moment is not None else "")

    def _place(self, source: str) -> _Place:
        place = self._places.pop(source, None)
        if place is None:
            if len(self._places) >= self._limits.streams:
                del self._places[next(iter(self._places))]
            place = _Place()
        self._places[source] = place
        return place
