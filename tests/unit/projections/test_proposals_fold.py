"""Proposals, folded: one row each, its status by the aggregate's own rule."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.aggregates import Proposal
from projections.proposals import fold
from tests.unit.projections.given import NOON, History

Steps = Callable[[History], History]

PATHS: dict[str, Steps] = {
    "created": lambda h: h,
    "verified": lambda h: h.verified("p"),
    "waiting": lambda h: h.verified("p").decided("p", "require_approval"),
    "allowed": lambda h: h.verified("p").decided("p", "allow"),
    "denied": lambda h: h.verified("p").decided("p", "deny"),
    "rejected": lambda h: h.verified("p").decided("p", "deny").rejected("p"),
    "approved": lambda h: h.verified("p").decided("p", "require_approval").approved("p"),
    "asked again": lambda h: (
        h.verified("p").decided("p", "allow").decided("p", "allow", moment="acting")
    ),
    "acting": lambda h: h.verified("p").decided("p", "allow").started("p"),
    "executed": lambda h: h.verified("p").decided("p", "allow").started("p").executed("p"),
    "unclear": lambda h: (
        h.verified("p").decided("p", "allow").started("p").executed("p", "unknown")
    ),
    "voted": lambda h: h.verified("p").voted("p", "a", "approve"),
}


@pytest.mark.parametrize("path", PATHS)
def test_the_status_is_that_of_the_aggregate(path: str) -> None:
    history = PATHS[path](History().spawned("a").proposed("p", "a"))
    events = [each for each in history.recorded if each.stream == "proposal/p"]
    aggregate = Proposal("p")
    for each in events:
        aggregate.apply(each.event)

    [statement] = fold(events)

    assert statement.rows[0]["status"] == aggregate.status


def test_all_that_happened_to_a_proposal_in_a_batch_is_one_row() -> None:
    history = History().spawned("a").proposed("p", "a").proposed("q", "a")
    history.verified("p").decided("p", "allow").verified("q")
    [statement] = fold(history.recorded[1:])
    assert [row["proposal_id"] for row in statement.rows] == ["p", "q"]


def test_what_an_action_is_done_to_is_kept_to_find_it_by() -> None:
    history = History().spawned("a").proposed("p", "a")
    [statement] = fold(history.recorded[1:])
    assert (statement.rows[0]["tool"], statement.rows[0]["target"]) == ("file.append", "deny.list")


def test_a_voters_last_vote_counts() -> None:
    history = History().spawned("a").proposed("p", "a")
    history.voted("p", "a", "reject").voted("p", "b", "abstain").voted("p", "a", "approve")
    [statement] = fold(history.recorded[1:])
    assert statement.rows[0]["votes"] == {"a": "approve", "b": "abstain"}


def test_a_vote_alone_changes_nothing_but_the_votes() -> None:
    history = History().spawned("a").proposed("p", "a").voted("p", "a", "veto")
    [statement] = fold(history.recorded[2:])
    assert statement.rows[0].keys() == {"proposal_id", "votes", "updated_at"}


def test_a_clock_that_went_back_does_not_take_the_last_change_back() -> None:
    history = History().spawned("a").proposed("p", "a")
    history.now = NOON - timedelta(minutes=2)
    [statement] = fold(history.verified("p").recorded[1:])
    assert statement.rows[0]["updated_at"] == NOON + timedelta(seconds=1)
