"""Votes on a proposal: whose count, and until when."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.errors import (
    ForeignVoter,
    InvalidInput,
    PersonaIsPaused,
    PersonaNotFound,
    PersonaReapedError,
    ProposalNotFound,
    ProposalWrongState,
)
from domain.vocabulary import VOTES
from services.commands import gate, lifecycle, proposing
from tests.unit.commands.world import World
from tests.unit.gate.given import HOUR, Bench

Prepare = Callable[[Bench], object]

PENDING: dict[str, Prepare] = {
    "created": lambda bench: bench.propose(),
    "verified": lambda bench: (bench.propose(), bench.verify()),
    "waiting": lambda bench: bench.waiting(),
    "approved": lambda bench: (bench.waiting(), bench.approve()),
}
OVER: dict[str, Prepare] = {
    "rejected": lambda bench: (bench.waiting(), bench.deny()),
    "acting": lambda bench: (bench.waiting(), bench.approve(), bench.start()),
    "executed": lambda bench: (
        bench.waiting(), bench.approve(), bench.start(), bench.finish()
    ),
    "unclear": lambda bench: (
        bench.waiting(), bench.approve(), bench.start(), bench.finish(outcome="unknown")
    ),
}  # fmt: skip


def vote(bench: Bench, choice: str = "approve", who: str = "ann", proposal_id: str = "p") -> None:
    bench.run(
        f"persona:{who}", lambda unit: proposing.vote(unit, proposal_id, who, choice, "because")
    )


@pytest.mark.parametrize("choice", VOTES)
def test_a_persona_of_the_swarm_votes(choice: str) -> None:
    bench = Bench()
    bench.propose()
    vote(bench, choice)
    cast = bench.last("vote.cast")
    assert (cast.persona_id, cast.swarm_id, cast.actor) == ("ann", "swarm", "persona:ann")
    assert (cast.proposal_id, cast.vote, cast.reason) == ("p", choice, "because")
    assert bench.proposal().votes == {"ann": choice}


def test_a_vote_shares_the_proposals_first_cause() -> None:
    bench = Bench()
    bench.propose()
    vote(bench)
    assert bench.last("vote.cast").correlation_id == bench.events[0].correlation_id
    assert bench.last("vote.cast").causation_id == bench.last("proposal.created").event_id


def test_a_personas_last_vote_counts() -> None:
    bench = Bench()
    bench.propose()
    vote(bench, "approve")
    vote(bench, "veto")
    assert bench.topics.count("vote.cast") == 2
    assert bench.proposal().votes == {"ann": "veto"}


@pytest.mark.parametrize("status", PENDING)
def test_before_an_action_begins_there_is_a_vote_and_it_changes_nothing_else(status: str) -> None:
    bench = Bench()
    PENDING[status](bench)
    shown = bench.proposal().shown_hash
    vote(bench)
    assert (bench.proposal().status, bench.proposal().shown_hash) == (status, shown)


@pytest.mark.parametrize("status", OVER)
def test_once_an_action_has_begun_or_all_is_over_there_is_no_vote(status: str) -> None:
    bench = Bench()
    OVER[status](bench)
    assert bench.proposal().status == status
    with pytest.raises(ProposalWrongState):
        vote(bench)
    assert "vote.cast" not in bench.topics


def put_to_the_vote(bench: Bench) -> None:
    """Propose, with an hour for the one vote it needs."""
    bench.run("persona:ann", lambda unit: unit.proposal("p").create(
        unit.context, "swarm", "ann", title="t", rationale="r", risk="low", quorum_needed=1,
        votes_requested=True, vote_deadline=bench.now + HOUR,
    ))  # fmt: skip


def test_until_its_deadline_there_is_a_vote() -> None:
    bench = Bench()
    put_to_the_vote(bench)
    bench.later(HOUR - timedelta(microseconds=1))
    vote(bench)
    bench.later(HOUR)
    assert not bench.run("system:gate", lambda unit: gate.expire(unit, "p"))


def test_a_vote_after_the_deadline_does_not_save_a_proposal_nobody_has_rejected_yet() -> None:
    bench = Bench()
    put_to_the_vote(bench)
    bench.later(HOUR)
    with pytest.raises(ProposalWrongState, match="voting ended at 2026-08-01T13:00:00Z"):
        vote(bench)
    assert bench.run("system:gate", lambda unit: gate.expire(unit, "p"))
    assert bench.proposal().status == "rejected"


def test_a_vote_right_before_acting_has_the_policy_asked_again() -> None:
    bench = Bench()
    bench.waiting()
    bench.approve()
    vote(bench)
    assert bench.start() is not None


@pytest.mark.parametrize("choice", ["", "yes", "Approve", "approve "])
def test_a_vote_there_is_not_is_refused(choice: str) -> None:
    bench = Bench()
    bench.propose()
    with pytest.raises(InvalidInput):
        vote(bench, choice)


def test_nobody_votes_on_a_proposal_there_is_not() -> None:
    with pytest.raises(ProposalNotFound):
        vote(Bench())


def neighbours() -> World:
    """A proposal of one swarm, a second persona of it, and one of another swarm."""
    world = World()
    for persona_id, swarm_id in (("ann", "s"), ("bob", "s"), ("eve", "other")):
        world.spawn(persona_id, swarm_id=swarm_id)
    new = proposing.NewProposal(proposal_id="p", title="t", rationale="r", risk="low")
    world.run(lambda unit: proposing.propose(unit, "ann", new))
    return world


def cast(world: World, who: str) -> None:
    world.run(lambda unit: proposing.vote(unit, "p", who, "approve", None), f"persona:{who}")


def test_everybody_of_the_swarm_has_a_vote_of_their_own() -> None:
    world = neighbours()
    cast(world, "ann")
    cast(world, "bob")
    assert world.proposal("p").votes == {"ann": "approve", "bob": "approve"}
    world.check()


def test_a_persona_of_another_swarm_has_none() -> None:
    world = neighbours()
    with pytest.raises(ForeignVoter) as refused:
        cast(world, "eve")
    assert refused.value.details == {"proposal_id": "p", "persona_id": "eve", "swarm_id": "s"}
    assert world.proposal("p").votes == {}


def test_who_may_not_think_may_not_vote() -> None:
    world = neighbours()
    world.run(lambda unit: lifecycle.pause(unit, "bob"))
    with pytest.raises(PersonaIsPaused):
        cast(world, "bob")
    world.reap("bob")
    with pytest.raises(PersonaReapedError):
        cast(world, "bob")
    with pytest.raises(PersonaNotFound):
        cast(world, "nobody")
    assert world.proposal("p").votes == {}
