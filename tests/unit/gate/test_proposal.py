"""A proposal on its way: what may follow what, who may do it, and what is refused."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.errors import (
    ApprovalExpired,
    DomainError,
    IdTaken,
    InvalidInput,
    NotAllowed,
    ProposalNotFound,
    ProposalWrongState,
    ShownHashMismatch,
    ShownHashRequired,
)
from domain.events.gate import Action, Finding
from services.commands import gate
from services.gate.policy import Policy
from services.gate.settings import GateSettings, Rule, Tool
from tests.unit.gate.given import DENY, HOUR, NOTE, PASSED, Bench

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


def test_a_start_needs_a_policy_that_was_asked_in_the_same_breath() -> None:
    bench = Bench()
    bench.propose(action=NOTE, risk="low")
    bench.verify()
    proposal = bench.decide()
    with pytest.raises(ProposalWrongState, match="just now"):
        proposal.start(bench.context("system:gate"), "a", proposal.shown)


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


def test_an_id_is_never_used_twice() -> None:
    bench = Bench()
    bench.propose()
    bench.deny()
    with pytest.raises(IdTaken):
        bench.propose()


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (Action(tool="", target="a", arguments="{}"), "tool"),
        (Action(tool="file.append", target="", arguments="{}"), "target"),
        (Action(tool="file.append", target="a" * 513, arguments="{}"), "target"),
        (Action(tool="file.append", target="é" * 257, arguments="{}"), "target"),
        (Action(tool="file.append", target="a\nb", arguments="{}"), "target"),
        (Action(tool="file.append", target="a\u202eb", arguments="{}"), "target"),
        (Action(tool="file.append", target="a", arguments="{line"), "arguments"),
        (Action(tool="file.append", target="a", arguments='{"n":NaN}'), "canonical"),
        (Action(tool="file.append", target="a", arguments='{"n":9007199254740993}'), "canonical"),
        (Action(tool="file.append", target="a", arguments="[" * 100_000), "arguments"),
    ],
)
def test_an_action_that_cannot_be_meant_is_refused(wrong: Action, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        Bench().propose(action=wrong)


def test_arguments_are_kept_in_their_canonical_form() -> None:
    bench = Bench()
    spaced = DENY.model_copy(update={"arguments": '{ "line" : "192.0.2.7" }'})
    action = bench.propose(action=spaced).content.action
    assert action == DENY


def test_what_is_shown_says_everything_that_is_decided_on() -> None:
    bench = Bench()
    one = bench.waiting().shown
    assert set(one) == {
        "proposal_id", "swarm_id", "persona_id", "title", "rationale", "action", "risk",
        "evidence_refs", "findings",
    }  # fmt: skip
    assert one["action"] == DENY.model_dump()


def test_a_refusal_carries_its_code_and_its_numbers() -> None:
    bench = Bench()
    bench.propose()
    with pytest.raises(DomainError) as refused:
        bench.approve()
    assert refused.value.code == "proposal_wrong_state"
    assert refused.value.details == {"proposal_id": "p", "status": "created"}


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
