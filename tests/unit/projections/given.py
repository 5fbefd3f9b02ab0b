"""Histories to fold: events as the store would give them, with as few words as possible."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from domain import streams
from domain.events import (
    ActionExecuted,
    ActionStarted,
    ApprovalGranted,
    CheckRequested,
    CheckResult,
    Event,
    HypothesisRaised,
    ObservationDropped,
    ObservationReceived,
    PersonaPaused,
    PersonaReaped,
    PersonaResumed,
    PersonaSpawned,
    PolicyDecided,
    ProposalCreated,
    ProposalRejected,
    ProposalVerified,
    SnapshotCompressed,
    ThoughtGenerated,
    VoteCast,
    WorkClaimed,
    WorkReleased,
)
from domain.events.cognition import Thinker, Usage
from domain.events.gate import Action, Finding
from domain.events.lifecycle import Identity
from domain.limits import Limits
from domain.partition import partition_of
from domain.recorded import Recorded, StreamEvent

NOON = datetime(2026, 8, 1, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = int(NOON.timestamp()) // 60
ACTION = Action(tool="file.append", target="deny.list", arguments='{"line":"10.0.0.1"}')
LIMITS = Limits(max_spawn_depth=3)
FINDING = Finding(rule="evidence", passed=True, reason="3 of 3 citations exist")


class History:
    """Events in the order of their positions, from 1; every one a second after the one before."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.recorded: list[Recorded] = []
        self.swarms: dict[str, str] = {}
        self._versions: Counter[str] = Counter()
        self._lengths: Counter[str] = Counter()

    def add(self, stream: str, kind: type[Event], /, **fields: Any) -> Self:
        number = len(self.recorded) + 1
        event = kind(
            event_id=fields.pop("event_id", f"event-{number}"),
            occurred_at=fields.pop("at", None) or self.now,
            actor=fields.pop("actor", "system:test"),
            correlation_id="correlation",
            **fields,
        )
        self._versions[stream] += 1
        partition = partition_of(event.swarm_id, 12)
        self.recorded.append(Recorded(number, stream, self._versions[stream], partition, event))
        self.now += timedelta(seconds=1)
        return self

    def spawned(
        self,
        who: str,
        swarm: str = "swarm",
        parent: str | None = None,
        limits: Limits = LIMITS,
        **identity: Any,
    ) -> Self:
        self.swarms[who] = swarm
        identity = {"name": who, "role": "watcher", "charter": f"I am {who}", "depth": 0} | identity
        return self._of_persona(
            who,
            PersonaSpawned,
            identity=Identity(parent_id=parent, **identity),
            limits=limits,
            spawned_by="user:test",
        )

    def paused(self, who: str, reason: str = "budget", until: datetime | None = None) -> Self:
        return self._of_persona(who, PersonaPaused, reason=reason, until=until)

    def resumed(self, who: str) -> Self:
        return self._of_persona(who, PersonaResumed, reason="manual")

    def reaped(self, who: str, reason: str = "idle", cascade_root: str | None = None) -> Self:
        body = {"final_snapshot_id": f"{who}-final", "cascade_root": cascade_root}
        return self._of_persona(who, PersonaReaped, reason=reason, **body)

    def thought(
        self,
        who: str,
        tokens: int = 10,
        cpu_ms: int = 5,
        at: datetime | None = None,
        **fields: Any,
    ) -> Self:
        body: dict[str, Any] = {
            "phase": "observe",
            "content": "something was seen",
            "impact": 0.5,
            "thinker": Thinker(source="statistical"),
            "usage": Usage(prompt_tokens=tokens - 1, completion_tokens=1, cpu_ms=cpu_ms),
        }
        return self._thinks(who, ThoughtGenerated, at=at, **body | fields)

    def supposed(self, who: str, key: str = "b", hypothesis: str = "h", **fields: Any) -> Self:
        body: dict[str, Any] = {"claim": "c", "confidence": 0.5}
        return self._thinks(
            who, HypothesisRaised, hypothesis_id=hypothesis, belief_key=key, **body | fields
        )

    def requested(self, who: str, hypothesis: str = "h", check: str = "c", **fields: Any) -> Self:
        body: dict[str, Any] = {"check_id": check, "kind": "recount", "spec": "{}"}
        return self._thinks(who, CheckRequested, hypothesis_id=hypothesis, **body | fields)

    def checked(
        self,
        who: str,
        outcome: str = "passed",
        hypothesis: str = "h",
        after: float = 0.5,
        **fields: Any,
    ) -> Self:
        body: dict[str, Any] = {"check_id": "c", "confidence_after": after, "excerpt": "3 of 3"}
        return self._thinks(
            who, CheckResult, hypothesis_id=hypothesis, outcome=outcome, **body | fields
        )

    def claimed(self, who: str, topic: str = "t", secs: int = 60) -> Self:
        expires_at = self.now + timedelta(seconds=secs)
        return self._works(who, WorkClaimed, subject=topic, expires_at=expires_at)

    def released(self, who: str, topic: str = "t") -> Self:
        return self._works(who, WorkReleased, subject=topic)

    def distilled(self, who: str, **fields: Any) -> Self:
        body: dict[str, Any] = {
            "snapshot_id": f"{who}-snapshot-{len(self.recorded)}",
            "persona_scope": (who,),
            "summary": f"the mind of {who}",
            "facts": ("a fact",),
            "from_position": 1,
            "to_position": 2,
            "thoughts_in": 2,
        }
        return self._thinks(who, SnapshotCompressed, **body | fields)

    def observed(
        self, source: str, lines: int, offset: int, *, swarm: str = "swarm", segment: int = 0,
        continues: bool = False,
    ) -> Self:  # fmt: skip
        return self.add(
            f"{streams.observations(swarm, source)}/{segment}",
            ObservationReceived,
            swarm_id=swarm,
            source=source,
            content="\n" * (lines - 1),
            line_count=lines,
            first_line=0,
            offset=offset,
            continues=continues,
        )

    def dropped(self, source: str, lines: int, offset: int, reason: str = "rate") -> Self:
        return self.add(
            f"{streams.observations('swarm', source)}/0",
            ObservationDropped,
            swarm_id="swarm",
            source=source,
            lines=lines,
            bytes=lines * 10,
            first_line=0,
            offset=offset,
            reason=reason,
        )

    def proposed(self, what: str, who: str, risk: str = "low", **fields: Any) -> Self:
        self.swarms[what] = self.swarms[who]
        body: dict[str, Any] = {
            "title": f"do {what}",
            "rationale": "because",
            "action": ACTION,
            "risk": risk,
            "evidence_refs": ("event-1", "2#3"),
        }
        return self._of_proposal(what, ProposalCreated, persona_id=who, **body | fields)

    def verified(self, what: str, risk: str = "high") -> Self:
        findings = (FINDING,)
        return self._of_proposal(what, ProposalVerified, findings=findings, assessed_risk=risk)

    def decided(self, what: str, decision: str, moment: str = "verified") -> Self:
        return self._of_proposal(
            what, PolicyDecided, decision=decision, moment=moment, reasons=(f"rule {moment}",),
            policy_hash=f"policy-{moment}",
        )  # fmt: skip

    def voted(self, what: str, who: str, vote: str) -> Self:
        return self._of_proposal(what, VoteCast, persona_id=who, vote=vote)

    def approved(self, what: str, by: str = "user:ann") -> Self:
        return self._of_proposal(
            what, ApprovalGranted, actor=by, shown_hash="shown", expires_at=self.now
        )

    def started(self, what: str) -> Self:
        return self._of_proposal(
            what, ActionStarted, action_id="act", idempotency_key="key", shown_hash="shown",
            ran_hash="shown",
        )  # fmt: skip

    def executed(self, what: str, outcome: str = "success") -> Self:
        return self._of_proposal(
            what, ActionExecuted, action_id="act", idempotency_key="key", outcome=outcome,
            result='{"bytes":12}', shown_hash="shown", ran_hash="shown", duration_ms=7,
        )  # fmt: skip

    def rejected(self, what: str, stage: str = "policy") -> Self:
        return self._of_proposal(
            what, ProposalRejected, stage=stage, reasons=("no rule allows it",)
        )

    def __repr__(self) -> str:
        """What happened, one event a line; properties show it when they fail."""
        return "".join(
            f"\n{r.position} {r.event.occurred_at:%H:%M:%S} {r.stream} {r.event.topic}"
            for r in self.recorded
        )

    @property
    def placed(self) -> list[StreamEvent]:
        """The events before they are stored."""
        return [StreamEvent(r.stream, r.version, r.event) for r in self.recorded]

    def _of_persona(self, who: str, kind: type[Event], **body: Any) -> Self:
        return self.add(
            streams.persona(who), kind, swarm_id=self.swarms[who], persona_id=who, **body
        )

    def _thinks(self, who: str, kind: type[Event], /, **body: Any) -> Self:
        prefix = streams.thoughts(who)
        segment = self._lengths[prefix] // streams.SEGMENT_SIZE
        self._lengths[prefix] += 1
        return self.add(
            f"{prefix}/{segment}", kind, swarm_id=self.swarms[who], persona_id=who, **body
        )

    def _works(self, who: str, kind: type[Event], **body: Any) -> Self:
        swarm = self.swarms[who]
        return self.add(streams.work(swarm), kind, swarm_id=swarm, persona_id=who, **body)

    def _of_proposal(self, what: str, kind: type[Event], **body: Any) -> Self:
        return self.add(
            streams.proposal(what), kind, swarm_id=self.swarms[what], proposal_id=what, **body
        )
