"""Whatever is tried in whatever order: nothing runs unverified, denied, or without a person."""

from datetime import timedelta

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.aggregates.proposal import APPROVAL_RISKS
from domain.errors import DomainError
from domain.events import (
    ActionExecuted,
    ActionStarted,
    ApprovalDenied,
    ApprovalGranted,
    Event,
    PolicyDecided,
    ProposalCreated,
    ProposalRejected,
    ProposalVerified,
)
from domain.events.gate import Finding
from domain.vocabulary import RISKS
from services.gate.policy import Policy
from services.gate.settings import GateSettings, Rule
from tests.unit.gate.given import DENY, HOUR, NOTE, PASSED, PROPOSALS, Bench

FAILED = Finding(rule="risk", passed=False, reason="no")
IDS = st.sampled_from(PROPOSALS)
ACTORS = st.sampled_from(["user:eve", "user:bob", "system:gate", "persona:ann"])
POLICIES = {
    "default": GateSettings(),
    "closed": GateSettings(allow=()),
    "open": GateSettings(
        allow=(Rule(tool="file.append", max_risk="critical"), Rule(tool="notify", max_risk="high"))
    ),
    "careful": GateSettings(
        allow=tuple(
            Rule(tool=tool, max_risk="critical", needs_approval=True)
            for tool in ("file.append", "notify")
        )
    ),
}
GATE_EVENTS = (
    ProposalCreated, ProposalVerified, ProposalRejected, PolicyDecided, ApprovalGranted,
    ApprovalDenied, ActionStarted, ActionExecuted,
)  # fmt: skip


class Gate(RuleBasedStateMachine):
    """Tries every step at every time, as anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()

    @rule(proposal=IDS, note=st.booleans(), risk=st.sampled_from(RISKS), bare=st.integers(0, 9))
    def propose(self, proposal: str, note: bool, risk: str, bare: int) -> None:
        action = None if bare == 0 else NOTE if note else DENY
        self._try(lambda: self.bench.propose(proposal, action, risk))

    @rule(proposal=IDS, risk=st.sampled_from(RISKS), sound=st.integers(0, 4))
    def verify(self, proposal: str, risk: str, sound: int) -> None:
        findings = PASSED if sound else (*PASSED, FAILED)
        self._try(lambda: self.bench.verify(proposal, risk, findings))

    @rule(proposal=IDS)
    def decide(self, proposal: str) -> None:
        self._try(lambda: self.bench.decide(proposal))

    @rule(proposal=IDS, actor=ACTORS, shown=st.sampled_from(["", "", "0" * 64, None]))
    def approve(self, proposal: str, actor: str, shown: str | None) -> None:
        self._try(lambda: self.bench.approve(proposal, shown, actor))

    @rule(proposal=IDS, actor=ACTORS)
    def deny(self, proposal: str, actor: str) -> None:
        self._try(lambda: self.bench.deny(proposal, actor))

    @rule(proposal=IDS, same=st.integers(0, 4))
    def start(self, proposal: str, same: int) -> None:
        changed = {} if same else {"title": "another"}
        self._try(lambda: self.bench.start(proposal, **changed))

    @rule(proposal=IDS, outcome=st.sampled_from(["success", "failure", "unknown"]), actor=ACTORS)
    def finish(self, proposal: str, outcome: str, actor: str) -> None:
        self._try(lambda: self.bench.finish(proposal, outcome, actor))

    @rule(span=st.sampled_from([timedelta(minutes=1), HOUR]))
    def wait(self, span: timedelta) -> None:
        self.bench.later(span)

    @rule(name=st.sampled_from(sorted(POLICIES)))
    def change_the_policy(self, name: str) -> None:
        self.bench.policy = Policy(POLICIES[name])

    @rule(proposal=IDS, note=st.booleans())
    def go_all_the_way(self, proposal: str, note: bool) -> None:
        """The straight way, so that the ends of it are met often."""
        bench, action = self.bench, NOTE if note else DENY
        for step in (
            lambda: bench.propose(proposal, action, "low"),
            lambda: bench.verify(proposal, "low" if note else "high"),
            lambda: bench.decide(proposal),
            lambda: bench.approve(proposal),
            lambda: bench.start(proposal),
        ):
            self._try(step)

    @invariant()
    def no_action_starts_but_after_all_of_the_gate(self) -> None:
        for proposal in PROPOSALS:
            past: list[Event] = []
            for event in self._of(proposal):
                if isinstance(event, ActionStarted):
                    assert_may_start(event, past)
                past.append(event)

    @invariant()
    def no_action_starts_twice(self) -> None:
        for proposal in PROPOSALS:
            topics = [event.topic for event in self._of(proposal)]
            assert topics.count("action.started") <= 1
            assert topics.count("proposal.created") <= 1
            ends = {"proposal.rejected", "action.started"}
            assert len(ends.intersection(topics)) <= 1

    @invariant()
    def no_action_is_pending_or_done_twice_on_a_target(self) -> None:
        for action in (DENY, NOTE):
            busy = [
                proposal
                for proposal in map(self.bench.proposal, PROPOSALS)
                if proposal.created
                and proposal.created.action == action
                and proposal.status in ("waiting", "allowed", "approved", "acting", "unclear")
            ]
            done = [
                event
                for event in self.bench.events
                if isinstance(event, ActionExecuted)
                and event.outcome == "success"
                and self.bench.proposal(event.proposal_id).content.action == action
            ]
            assert len(busy) + len(done) <= 1

    @invariant()
    def everything_is_done_by_whom_it_must_be(self) -> None:
        for event in self.bench.events:
            match event:
                case ApprovalGranted() | ApprovalDenied():
                    assert event.actor.startswith("user:")
                case ProposalVerified() | PolicyDecided() | ActionStarted():
                    assert event.actor == "system:gate"

    def _try(self, step: object) -> None:
        try:
            step()  # type: ignore[operator]  # each step is called
        except DomainError:
            return

    def _of(self, proposal: str) -> list[Event]:
        return [
            event
            for event in self.bench.events
            if isinstance(event, GATE_EVENTS) and event.proposal_id == proposal
        ]


def assert_may_start(started: ActionStarted, past: list[Event]) -> None:
    """Hold a start against everything that came before it."""
    verified = [event for event in past if isinstance(event, ProposalVerified)]
    assert len(verified) == 1
    asked = past[-1]
    assert isinstance(asked, PolicyDecided)
    assert (asked.moment, asked.decision) == ("acting", "allow")
    assert asked.occurred_at == started.occurred_at
    assert started.shown_hash == started.ran_hash
    wanted = [e for e in past if isinstance(e, PolicyDecided) and e.decision == "require_approval"]
    if verified[0].assessed_risk in APPROVAL_RISKS or wanted:
        approvals = [event for event in past if isinstance(event, ApprovalGranted)]
        assert approvals
        assert past.index(approvals[-1]) > past.index(wanted[-1])
        assert approvals[-1].expires_at > started.occurred_at
        assert approvals[-1].shown_hash == started.ran_hash


TestNoWayAroundTheGate = Gate.TestCase
TestNoWayAroundTheGate.settings = hypothesis_settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
