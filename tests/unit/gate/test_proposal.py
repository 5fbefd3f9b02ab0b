"""A proposal on its way: what may follow what, who may do it, and what is refused."""

from collections.abc import Callable

import pytest

from domain.errors import (
    DomainError,
    InvalidInput,
    NotAllowed,
    ProposalNotFound,
    ProposalWrongState,
)
from domain.events.gate import Finding
from services.commands import gate
from services.gate.policy import Policy
from services.gate.settings import GateSettings, Rule
from tests.unit.gate.given import NOTE, PASSED, Bench

FAILED = Finding(rule="evidence", passed=False, reason="none")


def test_a_high_risk_proposal_is_done_after_verification_policy_and_approval() -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    started = bench.start()
    bench.finish()
    assert bench.proposal().status == "executed"
    assert bench.topics == [
        "thought.generated", "proposal.created", "proposal.verified", "budget.leased",
        "policy.decided", "approval.granted", "policy.decided", "action.started",
        "action.executed", "budget.settled",
    ]  # fmt: skip
    assert started.shown_hash == started.ran_hash == bench.last("approval.granted").shown_hash
    assert bench.last("action.executed").idempotency_key == started.idempotency_key


def test_a_low_risk_proposal_is_done_without_a_person() -> None:
    bench = Bench()
    bench.propose(action=NOTE, risk="low")
    bench.verify()
    assert bench.decide().status == "allowed"
    assert bench.start() is not None
    assert bench.finish().status == "executed"


def test_an_intention_without_an_action_ends_verified() -> None:
    bench = Bench()
    bench.propose(action=None)
    assert bench.verify().status == "verified"
    with pytest.raises(InvalidInput):
        bench.decide()
    with pytest.raises(InvalidInput):
        bench.proposal().decide(bench.context("system:gate"), "verified", "allow", (), "hash")


def test_everything_that_follows_shares_the_first_cause_and_names_the_event_before_it() -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    bench.start()
    bench.finish()
    assert {event.correlation_id for event in bench.events} == {bench.events[0].correlation_id}
    chain = [e for e in bench.events if e.topic.split(".")[0] in ("approval", "policy", "action")]
    assert all(event.causation_id for event in chain)
    assert bench.last("action.executed").causation_id == bench.last("action.started").event_id


def test_a_failed_finding_rejects_and_holds_nothing() -> None:
    bench = Bench()
    bench.propose()
    assert bench.verify(findings=(*PASSED, FAILED)).status == "rejected"
    assert bench.last("proposal.rejected").stage == "verification"
    assert bench.last("proposal.rejected").reasons == ("evidence: none",)
    assert not bench.target().held


@pytest.mark.parametrize("rule", ["evidence", "consistency", "risk"])
def test_a_verification_that_left_a_rule_out_is_none(rule: str) -> None:
    bench = Bench()
    proposal = bench.propose()
    left = [finding for finding in PASSED if finding.rule != rule]
    with pytest.raises(InvalidInput, match="verified means"):
        proposal.verify(bench.context("system:gate"), left, "low")


def test_a_verification_with_a_failed_finding_is_none() -> None:
    bench = Bench()
    proposal = bench.propose()
    with pytest.raises(InvalidInput, match="verified means"):
        proposal.verify(bench.context("system:gate"), [*PASSED, FAILED], "low")


@pytest.mark.parametrize(
    ("authors", "assessed", "risk"),
    [("high", "low", "high"), ("low", "critical", "critical"), ("medium", "medium", "medium")],
)
def test_the_higher_of_two_risks_counts(authors: str, assessed: str, risk: str) -> None:
    bench = Bench()
    bench.propose(risk=authors)
    assert bench.verify(risk=assessed).risk == risk


def test_a_denial_rejects_and_lets_the_target_go() -> None:
    bench = Bench(allowed_tools=())
    bench.propose()
    bench.verify()
    assert bench.target().held
    assert bench.decide().status == "rejected"
    assert bench.last("policy.decided").decision == "deny"
    assert bench.last("proposal.rejected").stage == "policy"
    assert not bench.target().held
    assert not bench.target().done


@pytest.mark.parametrize("actor", ["persona:ann", "user:eve", "system:gatekeeper"])
def test_only_the_gate_verifies_decides_starts_and_finishes(actor: str) -> None:
    bench = Bench()
    proposal = bench.propose()
    context = bench.context(actor)
    calls: list[Callable[[], object]] = [
        lambda: proposal.verify(context, PASSED, "low"),
        lambda: proposal.reject(context, "policy", ("no",)),
        lambda: proposal.decide(context, "verified", "allow", (), "hash"),
        lambda: proposal.start(context, "a", proposal.shown),
    ]
    for call in calls:
        with pytest.raises(NotAllowed):
            call()
    bench.waiting("q")
    bench.approve("q")
    bench.start("q")
    with pytest.raises(NotAllowed):
        bench.finish("q", actor=actor)


def test_the_policy_is_asked_again_right_before_acting() -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    bench.policy = Policy(GateSettings(allow=()))
    assert bench.start() is None
    assert bench.proposal().status == "rejected"
    assert "action.started" not in bench.topics
    assert not bench.target().held


def test_a_policy_that_now_wants_a_person_sends_what_was_merely_allowed_to_waiting() -> None:
    bench = Bench()
    bench.propose(action=NOTE, risk="low")
    bench.verify()
    bench.decide()
    bench.policy = Policy(GateSettings(allow=(Rule(tool="notify", needs_approval=True),)))
    assert bench.start() is None
    assert bench.proposal().status == "waiting"
    bench.approve()
    assert bench.start() is not None


def test_a_start_needs_a_policy_that_was_asked_in_the_same_breath() -> None:
    bench = Bench()
    bench.propose(action=NOTE, risk="low")
    bench.verify()
    proposal = bench.decide()
    with pytest.raises(ProposalWrongState, match="just now"):
        proposal.start(bench.context("system:gate"), "a", proposal.shown)


@pytest.mark.parametrize("outcome", ["success", "failure"])
def test_an_unknown_outcome_is_for_a_person_to_settle(outcome: str) -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    bench.start()
    assert bench.finish(outcome="unknown").status == "unclear"
    assert bench.target().held
    with pytest.raises(NotAllowed):
        bench.finish(outcome=outcome)
    with pytest.raises(ProposalWrongState):
        bench.finish(outcome="unknown", actor="user:eve")
    assert bench.finish(outcome=outcome, actor="user:eve").status == "executed"
    assert not bench.target().held
    assert bool(bench.target().done) == (outcome == "success")


@pytest.mark.parametrize(
    "step",
    [
        lambda b: b.verify(),
        lambda b: b.decide(),
        lambda b: b.approve(shown_hash="0"),
        lambda b: b.deny(),
        lambda b: b.run("system:gate", lambda unit: gate.start(unit, "p", b.policy, {})),
        lambda b: b.finish(),
    ],
)
def test_nothing_can_be_done_with_a_proposal_that_is_not_there(
    step: Callable[[Bench], object],
) -> None:
    with pytest.raises(ProposalNotFound) as refused:
        step(Bench())
    assert refused.value.code == "proposal_not_found"


def test_a_refusal_carries_its_code_and_its_numbers() -> None:
    bench = Bench()
    bench.propose()
    with pytest.raises(DomainError) as refused:
        bench.approve()
    assert refused.value.code == "proposal_wrong_state"
    assert refused.value.details == {"proposal_id": "p", "status": "created"}
