"""A persona's state of mind: a fold of its newest snapshot and the thoughts since.

It tells where its loop goes on, what it supposes, and what a snapshot must carry. It holds no
history: what a snapshot has distilled is in the snapshot.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from domain import compaction
from domain.events import (
    CheckResult,
    HypothesisRaised,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.recorded import Recorded
from domain.references import carried_in, highest_position, hypothesis_line, proposal_line
from domain.thinking import OpenHypothesis
from domain.vocabulary import PHASES

COUNTED_THOUGHTS = 400
"""Most thoughts that differ which a cycle is counted by; more are counted as kept."""
KEPT_FACTS = 200
KEPT_DECISIONS = KEPT_QUESTIONS = 1_000
KEPT_BYTES = 96 * 1024
"""Newest of each in one snapshot, which must fit an event; earlier ones are in earlier ones."""
TITLE_CHARS = 160
"""Characters of a title or a claim told in a snapshot; all of it is in its own event."""
SUMMARY_CHARS = FACT_CHARS = 2_000
_COUNTS = re.compile(
    r"\A(?:\d+ thoughts since position \d+; )?\d+ facts, \d+ decisions, \d+ open questions\. ?"
)
"""How a summary begins; what follows is the last thought."""
_INHERITED = re.compile(r"[^\[].* \(snapshot \S+\): ")


@dataclass(frozen=True, slots=True)
class Decided:
    """A proposal of the persona, as a snapshot must cite it."""

    proposal_id: str
    title: str
    status: str

    @property
    def line(self) -> str:
        """The citation."""
        return proposal_line(self.proposal_id, self.status, self.title[:TITLE_CHARS])

    @property
    def is_open(self) -> bool:
        """Whether somebody must still decide or act."""
        return self.status not in ("rejected", "executed")


@dataclass(slots=True)
class Mind:
    """What one persona has in mind."""

    persona_id: str
    length: int = 0
    """Events of its thought log that are folded in."""
    since_snapshot: int = 0
    """Events of it since the newest snapshot."""
    last_phase: str | None = None
    """Last step of the cycle that was done; None at its beginning."""
    cause: tuple[str, str] | None = None
    """Id and correlation id of its last thought."""
    seen: int = 0
    """Highest position of its input it has observed."""
    asked: int = 0
    """Position of the last question it has answered."""
    facts: list[str] = field(default_factory=list)
    questions: dict[str, str] = field(default_factory=dict)
    """Hypotheses of earlier cycles that are still open: id to citation."""
    hypotheses: dict[str, OpenHypothesis] = field(default_factory=dict)
    """Those of this cycle that no check has settled."""
    failed: bool = False
    """Whether the last thought failed; its step is to be taken again."""
    thoughts: int = 0
    first_position: int = 0
    last_position: int = 0
    bytes_in: int = 0
    expiries: dict[int, datetime] = field(default_factory=dict)
    """Thoughts that differ, by fingerprint, and when each is let go."""
    repeated: int = 0
    """Thoughts that repeat one of these."""
    now: datetime | None = None
    """Time of the last event."""
    last_content: str = ""

    def apply(self, recorded: Recorded) -> None:
        """Take in the next event of its thought log."""
        self.length += 1
        self.since_snapshot += 1
        self.first_position = self.first_position or recorded.position
        self.last_position = recorded.position
        self.now = recorded.event.occurred_at
        match recorded.event:
            case ThoughtGenerated() as thought:
                self._think(thought)
            case HypothesisRaised() as raised:
                self.hypotheses[raised.hypothesis_id] = OpenHypothesis(
                    raised.hypothesis_id,
                    raised.belief_key,
                    raised.claim,
                    raised.confidence,
                    raised.evidence_refs,
                )
            case CheckResult() as result:
                self._settle(result)
            case SnapshotCompressed() as snapshot:
                self._begin_cycle(snapshot)

    @property
    def next_phase(self) -> str:
        """The step that comes next."""
        if self.last_phase is None:
            return PHASES[0]
        return PHASES[(PHASES.index(self.last_phase) + 1) % len(PHASES)]

    @property
    def known(self) -> set[str]:
        """Belief keys of its facts."""
        return keys_of(self.facts)

    def distil(self, decided: Sequence[Decided], inherited: Sequence[str] = ()) -> dict[str, Any]:
        """Make the body of a snapshot: nothing that was decided or is open is left out."""
        decayed = sum(self.now is not None and at < self.now for at in self.expiries.values())
        decisions = _kept([d.line for d in decided], KEPT_DECISIONS)
        told = set(decisions)
        waiting = [d.line for d in decided if d.is_open and d.line in told]
        questions = [*self._open().values(), *waiting]
        facts = _kept([*self.facts, *(i[:FACT_CHARS] for i in inherited)], KEPT_FACTS)
        summary = self._summary(len(facts), len(decisions), len(questions))
        out = [summary, *facts, *decisions, *questions]
        return {
            "persona_scope": (self.persona_id,),
            "summary": summary,
            "facts": tuple(facts),
            "decisions": tuple(decisions),
            "open_questions": tuple(questions),
            "from_position": self.first_position,
            "to_position": self.last_position,
            "seen_position": self.seen,
            "asked_position": self.asked,
            "thoughts_in": self.thoughts,
            "duplicates": self.repeated,
            "decayed": decayed,
            "kept": self.thoughts - self.repeated - decayed,
            "bytes_in": self.bytes_in,
            "bytes_out": sum(len(text.encode()) for text in out),
        }

    def to_cite(self, decided: Sequence[Decided]) -> list[str]:
        """Ids that its last snapshot must cite: decisions, and hypotheses not settled."""
        return [*carried_in(_kept([d.line for d in decided], KEPT_DECISIONS)), *self._open()]

    def _open(self) -> dict[str, str]:
        raised = {h.hypothesis_id: _question(h) for h in self.hypotheses.values()}
        return carried_in(_kept([*(self.questions | raised).values()], KEPT_QUESTIONS))

    def _think(self, thought: ThoughtGenerated) -> None:
        self.thoughts += 1
        self.cause = thought.event_id, thought.correlation_id
        self.bytes_in += len(thought.content.encode())
        self._remember(thought)
        self.failed = thought.error is not None
        if self.failed:
            return
        asked = highest_position(c.ref for c in thought.context_refs if c.tier == "question")
        if asked:  # no step of its own: its cycle goes on where it was
            self.asked = max(self.asked, asked)
            return
        self.last_phase = thought.phase
        self.last_content = thought.content
        shown = [c.ref for c in thought.context_refs if c.tier == "input"]
        if thought.phase == PHASES[0]:
            self.seen = max(self.seen, highest_position(shown))

    def _remember(self, thought: ThoughtGenerated) -> None:
        """Count a thought as compaction does, of the first that differ in a cycle."""
        same = compaction.fingerprint(self.persona_id, thought.content)
        value = compaction.thought_value(thought.impact, thought.error)
        expires_at = compaction.expires_at(value, thought.occurred_at)
        if same in self.expiries:
            self.repeated += 1
            self.expiries[same] = max(self.expiries[same], expires_at)
        elif len(self.expiries) < COUNTED_THOUGHTS:
            self.expiries[same] = expires_at

    def _settle(self, result: CheckResult) -> None:
        hypothesis = self.hypotheses.pop(result.hypothesis_id, None)
        question = self.questions.pop(result.hypothesis_id, None)
        if result.outcome == "inconclusive":
            line = question or (hypothesis and _question(hypothesis))
            if line:
                self.questions[result.hypothesis_id] = line
        elif result.outcome == "passed" and hypothesis:
            mark = _mark(hypothesis.belief_key)
            self.facts = [f for f in self.facts if not f.startswith(mark)]
            claim = hypothesis.claim[:FACT_CHARS]
            self.facts.append(f"{mark} {claim} ({result.confidence_after:.2f})")
        elif result.outcome == "passed" and question:
            self.facts.append(f"{question} ({result.confidence_after:.2f})")

    def _begin_cycle(self, snapshot: SnapshotCompressed) -> None:
        self.facts, self.hypotheses = list(snapshot.facts), {}
        self.questions = carried_in(q for q in snapshot.open_questions if _is_question(q))
        self.seen = max(self.seen, snapshot.seen_position)
        self.asked = max(self.asked, snapshot.asked_position)
        self.failed = False
        self.last_phase, self.last_content = None, _COUNTS.sub("", snapshot.summary, count=1)
        if snapshot.causation_id:
            self.cause = snapshot.causation_id, snapshot.correlation_id
        self.since_snapshot = 0
        self.thoughts = self.bytes_in = self.repeated = 0
        self.first_position = 0
        self.expiries = {}

    def _summary(self, facts: int, decisions: int, questions: int) -> str:
        if not (self.thoughts or facts or decisions or self.last_content):
            return "Nothing thought, nothing decided."
        since = f"{self.thoughts} thoughts since position {self.first_position}; "
        counts = f"{facts} facts, {decisions} decisions, {questions} open questions."
        told = f"{since if self.thoughts else ''}{counts} {self.last_content}"
        return told[:SUMMARY_CHARS].rstrip()


def inherited_line(persona_id: str, snapshot_id: str, summary: str) -> str:
    """Return what a persona inherits of a child besides its facts: that it was, and its summary."""
    return f"{persona_id} (snapshot {snapshot_id}): {summary}"


def is_inherited(fact: str) -> bool:
    """Tell whether a fact only says that a child was."""
    return _INHERITED.match(fact) is not None


def keys_of(facts: Iterable[str]) -> set[str]:
    """Return the belief keys that facts begin with."""
    return {unquote(fact[1:].partition("]")[0]) for fact in facts if fact.startswith("[")}


def _question(hypothesis: OpenHypothesis) -> str:
    return hypothesis_line(hypothesis.hypothesis_id, hypothesis.claim[:TITLE_CHARS])


def _is_question(line: str) -> bool:
    return line.startswith("hypothesis ")


def _mark(belief_key: str) -> str:
    """Begin a fact with what it is about, so that it can be read back."""
    return f"[{belief_key.replace('%', '%25').replace(']', '%5D')}]"


def _kept(lines: Sequence[str], most: int) -> list[str]:
    """Return the newest lines, in their order: so many, and as many as fit a snapshot."""
    kept: list[str] = []
    room = KEPT_BYTES
    for line in reversed(lines[-most:]):
        room -= len(line.encode())
        if room < 0:
            break
        kept.append(line)
    return kept[::-1]
