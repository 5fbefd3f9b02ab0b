"""Proposals: given events, when they are taken in, then so they stand, receipts included."""

from collections.abc import Callable
from datetime import timedelta

from services.store.recorder import Recorder
from services.views import Views
from tests.integration.views.writing import write
from tests.unit.projections.given import ACTION, FINDING, NOON, History

Given = Callable[[History], Views]


def test_a_new_proposal_shows_what_its_author_wants(given: Given) -> None:
    deadline = NOON + timedelta(minutes=5)
    history = History().spawned("a").proposed(
        "p", "a", "medium", title="deny\0it", votes_requested=True, quorum_needed=2,
        vote_deadline=deadline,
    )  # fmt: skip
    row = given(history).proposal("p")
    assert row is not None
    assert (row.proposal_id, row.persona_id, row.swarm_id) == ("p", "a", "swarm")
    assert (row.title, row.rationale, row.action) == ("deny\0it", "because", ACTION)
    assert (row.status, row.author_risk, row.risk) == ("created", "medium", "medium")
    assert row.evidence_refs == ("event-1", "2#3")
    assert (row.votes_requested, row.quorum_needed, row.vote_deadline) == (True, 2, deadline)
    assert (row.votes, row.findings, row.reasons, row.policy_reasons) == ({}, (), (), ())
    assert row.policy_decision is row.approved_by is row.outcome is row.shown_hash is None
    assert row.created_at == row.updated_at == NOON + timedelta(seconds=1)
    assert row.created_event_id == "event-2"


def test_an_executed_proposal_is_its_own_receipt(given: Given) -> None:
    history = History().spawned("a").spawned("b").proposed("p", "a", "low").verified("p", "high")
    history.voted("p", "b", "reject").voted("p", "b", "approve")
    history.decided("p", "require_approval").approved("p", "user:ann")
    history.decided("p", "allow", moment="acting").started("p").executed("p")
    row = given(history).proposal("p")
    assert row is not None
    assert (row.status, row.author_risk, row.risk) == ("executed", "low", "high")
    assert row.findings == (FINDING,)
    assert row.votes == {"b": "approve"}
    assert (row.policy_decision, row.policy_hash) == ("allow", "policy-acting")
    assert row.policy_reasons == ("rule acting",)
    assert (row.approved_by, row.shown_hash) == ("user:ann", "shown")
    assert row.approved_at == row.approval_expires_at == NOON + timedelta(seconds=7)
    assert (row.action_id, row.idempotency_key) == ("act", "key")
    assert (row.outcome, row.result, row.duration_ms) == ("success", '{"bytes":12}', 7)
    assert row.started_at == NOON + timedelta(seconds=9)
    assert row.executed_at == row.updated_at == NOON + timedelta(seconds=10)


def test_a_rejected_proposal_says_where_and_why(given: Given) -> None:
    history = History().spawned("a").proposed("p", "a").verified("p").decided("p", "deny")
    row = given(history.rejected("p", "policy")).proposal("p")
    assert row is not None
    assert (row.status, row.reject_stage) == ("rejected", "policy")
    assert row.reasons == ("no rule allows it",)


def test_an_intention_without_action_has_none(given: Given) -> None:
    row = given(History().spawned("a").proposed("p", "a", action=None)).proposal("p")
    assert row is not None
    assert row.action is None


def test_nothing_is_found_under_an_id_that_never_was(given: Given) -> None:
    assert given(History().spawned("a").proposed("p", "a")).proposal("q") is None


def test_a_vote_that_comes_before_its_proposal_is_not_lost(given: Given) -> None:
    history = History().spawned("a")
    history.swarms["p"] = "swarm"
    views = given(history.voted("p", "a", "approve"))
    assert views.proposal("p") is None
    assert views.proposals() == []


def test_a_vote_that_came_before_its_proposal_counts(given: Given) -> None:
    history = History().spawned("a")
    history.swarms["p"] = "swarm"
    row = given(history.voted("p", "a", "approve").proposed("p", "a")).proposal("p")
    assert row is not None
    assert row.votes == {"a": "approve"}


def test_votes_add_up_whenever_they_come(store: Recorder, views: Views) -> None:
    history = History().spawned("a").proposed("p", "a").voted("p", "a", "reject")
    history.voted("p", "b", "veto").voted("p", "c", "approve").voted("p", "a", "abstain")
    for number in range(len(history.recorded)):
        write(store, history, number, number + 1)
        views.catch_up()
    row = views.proposal("p")
    assert row is not None
    assert row.votes == {"a": "abstain", "b": "veto", "c": "approve"}


def test_proposals_are_listed_newest_first_and_by_what_is_asked(given: Given) -> None:
    history = History().spawned("a", "one").spawned("b", "two")
    history.proposed("p1", "a").proposed("p2", "b").proposed("p3", "a").rejected("p1")
    views = given(history)

    def ids(**asked: str) -> list[str]:
        return [row.proposal_id for row in views.proposals(**asked)]  # type: ignore[arg-type]  # filters by name

    assert ids() == ["p3", "p2", "p1"]
    assert ids(swarm_id="one") == ["p3", "p1"]
    assert ids(persona_id="b") == ["p2"]
    assert ids(status="rejected") == ["p1"]
    assert ids(after="p3") == ["p2", "p1"]
    assert ids(after="p3", swarm_id="one") == ["p1"]
    assert [row.proposal_id for row in views.proposals(limit=1)] == ["p3"]
