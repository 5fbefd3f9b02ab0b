"""What the stream tells of beliefs and attention: only what one event alone can say."""

from typing import Any

import pytest

from domain.attention import item_id
from domain.belief import belief_id
from domain.events import (
    ActionExecuted,
    CheckResult,
    Event,
    HypothesisRaised,
    ProposalRejected,
)
from services.api import stream_beliefs
from tests.unit.projections.given import History


def last(history: History, kind: type[Event]) -> Any:
    event = history.recorded[-1].event
    assert isinstance(event, kind)
    return event


def test_a_hypothesis_tells_of_its_belief_and_of_those_it_contests_once_each() -> None:
    history = History().spawned("a").supposed("a", "k", confidence=1.0, contradicts=("x", "x"))
    extracted, contested = stream_beliefs.supposed(last(history, HypothesisRaised))
    id_of_k = belief_id("swarm", "k")
    assert extracted == (
        "belief_extracted",
        {"belief_id": id_of_k, "belief_key": "k", "claim": "c", "confidence": 0.95},
    )
    named = {"belief_id": belief_id("swarm", "x"), "belief_key": "x"}
    assert contested == ("belief_contested", named | {"contested_by": "a"})


@pytest.mark.parametrize(
    ("outcome", "types"),
    [
        ("passed", ["belief_revalidated"]),
        ("failed", ["attention_created"]),
        ("inconclusive", []),
    ],
)
def test_a_check_tells_by_its_outcome(outcome: str, types: list[str]) -> None:
    event = last(History().spawned("a").checked("a", outcome), CheckResult)
    assert [name for name, _ in stream_beliefs.checked(event)] == types


def test_only_what_ran_out_of_time_or_failed_asks_for_attention() -> None:
    history = History().spawned("a").proposed("p", "a")
    told = stream_beliefs.rejected(last(history.rejected("p", "policy"), ProposalRejected))
    assert list(told) == []
    told = stream_beliefs.rejected(last(history.rejected("p", "deadline"), ProposalRejected))
    [(_, payload)] = told
    assert payload == {
        "attention_id": item_id("proposal", "p"), "source_type": "proposal_timeout",
        "source_id": "p", "priority": 0.6,
    }  # fmt: skip
    for outcome, count in (("success", 0), ("failure", 1), ("unknown", 1)):
        event = last(history.executed("p", outcome), ActionExecuted)
        assert len(list(stream_beliefs.executed(event))) == count
