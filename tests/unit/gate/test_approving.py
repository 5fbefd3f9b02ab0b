"""Approval: who gives it, for exactly what was shown, for how long, and once."""

from datetime import timedelta

import pytest

from domain.errors import (
    ApprovalExpired,
    NotAllowed,
    ProposalWrongState,
    ShownHashMismatch,
    ShownHashRequired,
)
from services.gate.policy import Policy
from services.gate.settings import GateSettings, Rule, Tool
from tests.unit.gate.given import DENY, HOUR, NOTE, Bench


@pytest.mark.parametrize("risk", ["high", "critical"])
def test_high_and_critical_risk_need_a_person_whatever_the_policy_says(risk: str) -> None:
    bench = Bench()
    bench.policy = Policy(GateSettings(allow=(Rule(tool="file.append", max_risk="critical"),)))
    bench.propose(risk=risk)
    bench.verify()
    assert bench.decide().status == "waiting"
    assert f"{risk} risk needs a person's approval" in bench.last("policy.decided").reasons


def test_a_person_must_say_what_was_shown() -> None:
    bench = Bench()
    bench.waiting()
    with pytest.raises(ShownHashRequired) as refused:
        bench.approve(shown_hash=None)
    assert refused.value.code == "shown_hash_required"
    assert bench.proposal().status == "waiting"


def test_an_approval_of_something_else_is_refused() -> None:
    bench = Bench()
    before = bench.propose().shown_hash
    bench.verify(risk="critical")
    bench.policy = Policy(GateSettings(allow=(Rule(tool="file.append", max_risk="critical"),)))
    bench.decide()
    with pytest.raises(ShownHashMismatch) as refused:
        bench.approve(shown_hash=before)
    assert refused.value.code == "shown_hash_mismatch"
    assert bench.proposal().status == "waiting"


def test_an_old_client_may_approve_unseen_where_a_setting_lets_it() -> None:
    bench = Bench()
    bench.waiting()
    assert bench.approve(shown_hash=None, unseen_allowed=True).status == "approved"
    assert bench.last("approval.granted").unseen
    assert bench.last("approval.granted").shown_hash == bench.proposal().shown_hash


def test_an_old_client_that_names_another_hash_is_refused_all_the_same() -> None:
    bench = Bench()
    bench.waiting()
    with pytest.raises(ShownHashMismatch):
        bench.approve(shown_hash="0" * 64, unseen_allowed=True)


@pytest.mark.parametrize("actor", ["persona:ann", "system:gate", "system:scheduler", "username:x"])
def test_only_a_person_approves_or_refuses(actor: str) -> None:
    bench = Bench()
    bench.waiting()
    for act in (bench.approve, bench.deny):
        with pytest.raises(NotAllowed) as refused:
            act(actor=actor)
        assert refused.value.code == "not_allowed"


def test_a_lapsed_approval_goes_back_to_waiting_and_can_be_given_again() -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    bench.later(HOUR)
    assert bench.start() is None
    assert bench.proposal().status == "waiting"
    assert bench.proposal().approval is None
    assert "the approval of user:eve lapsed" in bench.last("policy.decided").reasons[-1]
    bench.approve()
    assert bench.start() is not None


def test_an_approval_that_lapsed_unused_can_be_given_again_at_once() -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    with pytest.raises(ProposalWrongState):
        bench.approve()
    bench.later(HOUR)
    assert bench.approve().status == "approved"
    assert bench.start() is not None


def test_an_approval_is_used_once() -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    bench.start()
    for act in (bench.start, bench.approve, bench.deny):
        with pytest.raises(ProposalWrongState):
            act()
    bench.finish()
    with pytest.raises(ProposalWrongState):
        bench.finish()
    for act in (bench.start, bench.approve, bench.deny):
        with pytest.raises(ProposalWrongState):
            act()


def test_what_would_run_must_be_what_was_shown() -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    other = {**DENY.model_dump(), "arguments": '{"line":"198.51.100.1"}'}
    with pytest.raises(ShownHashMismatch):
        bench.start(action=other)
    assert bench.proposal().status == "approved"
    assert "action.started" not in bench.topics


def test_an_approval_that_lapses_between_the_policy_and_the_start_is_void() -> None:
    bench = Bench()
    bench.waiting()
    proposal = bench.approve()
    proposal.decide(bench.context("system:gate"), "acting", "allow", (), "hash")
    bench.later(HOUR)
    with pytest.raises(ApprovalExpired) as refused:
        proposal.start(bench.context("system:gate"), "a", proposal.shown)
    assert refused.value.code == "approval_expired"


def test_high_risk_never_starts_unapproved_even_if_its_status_said_allowed() -> None:
    bench = Bench()
    bench.waiting()
    proposal = bench.proposal()
    proposal.status = "allowed"
    proposal.cleared = True
    with pytest.raises(ProposalWrongState):
        proposal.start(bench.context("system:gate"), "a", proposal.shown)


@pytest.mark.parametrize("status", ["created", "waiting", "allowed", "approved"])
def test_a_person_can_refuse_it_until_it_begins(status: str) -> None:
    bench = Bench()
    low = status == "allowed"
    bench.propose(action=NOTE if low else DENY, risk="low" if low else "high")
    if status != "created":
        bench.verify()
        bench.decide()
    if status == "approved":
        bench.approve()
    assert bench.proposal().status == status
    assert bench.deny().status == "rejected"
    assert bench.last("approval.denied").actor == "user:eve"
    assert bench.last("proposal.rejected").stage == "approval"
    assert not bench.target(NOTE if low else DENY).held
    with pytest.raises(ProposalWrongState):
        bench.deny()


def test_what_is_shown_says_everything_that_is_decided_on() -> None:
    bench = Bench()
    one = bench.waiting().shown
    assert set(one) == {
        "proposal_id", "swarm_id", "persona_id", "title", "rationale", "action", "risk",
        "evidence_refs", "findings",
    }  # fmt: skip
    assert one["action"] == DENY.model_dump()


def test_the_approval_lasts_as_long_as_it_says() -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    bench.later(HOUR - timedelta(microseconds=1))
    assert bench.start() is not None


def test_tools_without_a_person_may_still_be_made_to_need_one() -> None:
    bench = Bench()
    rule = Rule(tool="notify", needs_approval=True)
    bench.policy = Policy(GateSettings(allow=(rule,), tools={"notify": Tool(risk="low")}))
    bench.propose(action=NOTE, risk="low")
    bench.verify()
    assert bench.decide().status == "waiting"
    with pytest.raises(ProposalWrongState):
        bench.start()
