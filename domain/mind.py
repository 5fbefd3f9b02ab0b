"""A persona's state of mind: a fold of its newest snapshot and the thoughts since.

It tells where its loop goes on, what it supposes, and what a snapshot must carry. It holds no
history: what a snapshot has distilled is in the snapshot.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from domain.events import (
    CheckResult,
    HypothesisRaised,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.ports import OpenHypothesis
from domain.recorded import Recorded
from domain.references import highest_position
from domain.vocabulary import PHASES

KEPT_FACTS = 200
KEPT_LINES = 400
LOW_IMPACT = 0.1
KEPT_DECISIONS = KEPT_QUESTIONS = 1_000
"""Newest of each in one snapshot, which must fit an event; earlier ones are in earlier ones."""
SUMMARY_CHARS = 2_000
_HYPOTHESIS = "hypothesis "


@dataclass(frozen=True, slots=True)
class Decided:
    """A proposal of the persona, as a snapshot must cite it."""

    proposal_id: str
    title: str
    status: str

    @property
    def line(self) -> str:
        """The citation."""
        return f"proposal {self.proposal_id} [{self.status}]: {self.title}"

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
    last_phase: str | None = None
    """Last step of the cycle that was done; None at its beginning."""
    seen: int = 0
    """Highest position of its input it has observed."""
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
    low: int = 0
    seen_contents: dict[bytes, int] = field(default_factory=dict)
    last_content: str = ""

    def apply(self, recorded: Recorded) -> None:
        """Take in the next event of its thought log."""
        self.length += 1
        self.first_position = self.first_position or recorded.position
        self.last_position = recorded.position
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
        return {f[1:].partition("]")[0] for f in self.facts if f.startswith("[")}

    def distil(self, decided: Sequence[Decided], inherited: Sequence[str] = ()) -> dict[str, Any]:
        """Make the body of a snapshot: nothing that was decided or is open is left out."""
        duplicates = sum(count - 1 for count in self.seen_contents.values())
        decayed = min(self.low, self.thoughts - duplicates)
        decided = decided[-KEPT_DECISIONS:]
        questions = [*self._open().values(), *(d.line for d in decided if d.is_open)]
        facts = [*self.facts, *inherited][-KEPT_FACTS:]
        summary = self._summary(len(facts), decided, questions)
        out = [summary, *facts, *(d.line for d in decided), *questions]
        return {
            "persona_scope": (self.persona_id,),
            "summary": summary,
            "facts": tuple(facts),
            "decisions": tuple(d.line for d in decided),
            "open_questions": tuple(questions),
            "from_position": self.first_position,
            "to_position": self.last_position,
            "thoughts_in": self.thoughts,
            "duplicates": duplicates,
            "decayed": decayed,
            "kept": self.thoughts - duplicates - decayed,
            "bytes_in": self.bytes_in,
            "bytes_out": sum(len(text.encode()) for text in out),
        }

    def to_cite(self, decided: Sequence[Decided]) -> list[str]:
        """Ids that its last snapshot must cite: decisions, and hypotheses not settled."""
        return [*(d.proposal_id for d in decided[-KEPT_DECISIONS:]), *self._open()]

    def _open(self) -> dict[str, str]:
        raised = {h.hypothesis_id: _question(h) for h in self.hypotheses.values()}
        return dict([*self.questions.items(), *raised.items()][-KEPT_QUESTIONS:])

    def _think(self, thought: ThoughtGenerated) -> None:
        self.thoughts += 1
        self.bytes_in += len(thought.content.encode())
        self.failed = thought.error is not None
        if self.failed:
            return
        self.last_phase = thought.phase
        self.last_content = thought.content
        self.low += thought.impact < LOW_IMPACT
        content = sha256(" ".join(thought.content.split()).encode()).digest()[:8]
        if content in self.seen_contents or len(self.seen_contents) < KEPT_LINES:
            self.seen_contents[content] = self.seen_contents.get(content, 0) + 1
        shown = [c.ref for c in thought.context_refs if c.tier == "input"]
        if thought.phase == PHASES[0]:
            self.seen = max(self.seen, highest_position(shown))

    def _settle(self, result: CheckResult) -> None:
        hypothesis = self.hypotheses.pop(result.hypothesis_id, None)
        question = self.questions.pop(result.hypothesis_id, None)
        if result.outcome == "inconclusive":
            line = question or (hypothesis and _question(hypothesis))
            if line:
                self.questions[result.hypothesis_id] = line
        elif result.outcome == "passed" and hypothesis:
            mark = f"[{hypothesis.belief_key}]"
            self.facts = [f for f in self.facts if not f.startswith(mark)]
            self.facts.append(f"{mark} {hypothesis.claim} ({result.confidence_after:.2f})")

    def _begin_cycle(self, snapshot: SnapshotCompressed) -> None:
        self.facts, self.hypotheses = list(snapshot.facts), {}
        self.questions = {
            line.split(" ", 1)[1].partition(":")[0]: line
            for line in snapshot.open_questions
            if line.startswith(_HYPOTHESIS)
        }
        self.last_phase, self.last_content = None, snapshot.summary
        self.thoughts = self.bytes_in = self.low = 0
        self.first_position = 0
        self.seen_contents = {}

    def _summary(self, facts: int, decided: Sequence[Decided], questions: Sequence[str]) -> str:
        if not self.thoughts and not facts and not decided:
            return "Nothing thought, nothing decided."
        counts = (
            f"{self.thoughts} thoughts since position {self.first_position};"
            f" {facts} facts, {len(decided)} decisions, {len(questions)} open questions."
        )
        return f"{counts} {self.last_content}"[:SUMMARY_CHARS]


def _question(hypothesis: OpenHypothesis) -> str:
    return f"{_HYPOTHESIS}{hypothesis.hypothesis_id}: {hypothesis.claim}"
