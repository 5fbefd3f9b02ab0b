"""Proposals: given some past their time or half carried out, when it is reconciled, then they end.

What the gate does with them is the gate's own doing, and tested there.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from domain.aggregates.proposal import GATE
from domain.canonical import canonical
from domain.errors import InvalidInput
from domain.events import ActionStarted, ProposalRejected
from domain.events.gate import Action
from services.clock import new_id
from services.commands import gate as commands
from services.commands import proposing
from services.reaping import Reaper
from services.reconciliation import Reconciler
from services.unit_of_work import Unit
from tests.integration.gate.tools import Killed, Mute, Tool, die
from tests.integration.reconciliation.conftest import OpenHouse
from tests.integration.reconciliation.house import CLOCK, PERSON, House, brief


def put_to_the_vote(house: House, minutes_ago: float, quorum: int = 2) -> str:
    """Propose, with a deadline for votes; return the proposal's id."""
    proposal_id, action = new_id(), Action(tool="notify", target="ops", arguments=canonical({}))

    def command(unit: Unit) -> None:
        deadline = unit.context.now - timedelta(minutes=minutes_ago)
        unit.proposal(proposal_id).create(
            unit.context, "swarm-core", "ann", title="Tell ops", rationale="It fails", risk="low",
            action=action, quorum_needed=quorum, votes_requested=True, vote_deadline=deadline,
        )  # fmt: skip

    house.decide(command)
    return proposal_id


def vote(house: House, proposal_id: str, persona_id: str) -> None:
    """Vote while there was still time."""
    house.decide(
        lambda unit: proposing.vote(unit, proposal_id, persona_id, "approve", None), minutes_ago=2
    )


def status(house: House, proposal_id: str) -> str:
    return house.gate.load(proposal_id).status


def test_a_proposal_short_of_votes_at_its_deadline_is_rejected(house: House) -> None:
    proposal_id = put_to_the_vote(house, minutes_ago=1)
    vote(house, proposal_id, "ann")
    assert house.look(CLOCK) == [("deadlines", proposal_id, "due")]

    assert house.mend(CLOCK) == [("deadlines", proposal_id, "mended")]

    [rejected] = house.stored(ProposalRejected)
    assert (rejected.stage, rejected.actor) == ("deadline", GATE)
    assert rejected.reasons[0].startswith("1 of the 2 votes needed were cast by 20")
    assert house.mend(CLOCK) == []


def test_before_its_deadline_or_with_all_votes_it_is_left_alone(house: House) -> None:
    early = put_to_the_vote(house, minutes_ago=-1)
    full = put_to_the_vote(house, minutes_ago=1, quorum=1)
    vote(house, full, "ann")
    assert house.mend(CLOCK) == []
    assert {status(house, early), status(house, full)} == {"created"}


def test_a_rejection_at_the_deadline_frees_the_target(house: House) -> None:
    """What it held, another may do."""
    proposal_id = put_to_the_vote(house, minutes_ago=1)
    content = house.gate.load(proposal_id).content
    assert content.action
    tool, target = content.action.tool, content.action.target
    context = house.executor.context(GATE)
    house.executor.run(
        context,
        lambda unit: unit.target(tool, target).hold(context, "swarm-core", proposal_id, "h"),
    )
    house.mend(CLOCK)
    assert house.decide(lambda unit: dict(unit.target(tool, target).held)) == {}


def test_a_proposal_decided_meanwhile_is_not_rejected(house: House) -> None:
    proposal_id = put_to_the_vote(house, minutes_ago=1, quorum=1)
    vote(house, proposal_id, "ann")
    context = house.executor.context(GATE)
    assert not house.executor.run(context, lambda u: commands.expire(u, proposal_id)).result
    assert house.stored(ProposalRejected) == []


def test_an_approval_that_lapsed_waits_for_a_person_again(house: House) -> None:
    proposal_id = house.propose()
    house.gate.advance(proposal_id)
    shown = house.gate.show(proposal_id).shown_hash
    house.decide(
        lambda unit: commands.approve(
            unit, proposal_id, shown, timedelta(minutes=1), unseen_allowed=False
        ),
        minutes_ago=2,
    )
    assert house.mend(CLOCK) == [("lapsed", proposal_id, "mended")]
    assert status(house, proposal_id) == "waiting"
    assert house.mend(CLOCK) == []


@pytest.fixture
def dying(open_house: OpenHouse) -> Callable[[Tool], House]:
    """Opens a process with a tool that may kill it."""
    return lambda tool: open_house(tools={"notify": tool})


def test_an_action_whose_process_died_is_finished_once(
    house: House, dying: Callable[[Tool], House]
) -> None:
    first = dying(Tool(house.folder, after=die))
    proposal_id = house.note()
    with pytest.raises(Killed):
        first.gate.advance(proposal_id)
    assert house.look(CLOCK) == [("actions", proposal_id, "due")]

    assert house.mend(CLOCK) == [("actions", proposal_id, "mended")]

    assert status(house, proposal_id) == "executed"
    assert house.lines("notifications.log") == ["many errors"]
    assert len(house.stored(ActionStarted)) == 1
    assert house.mend(CLOCK) == []


def test_where_nobody_can_tell_a_person_is_asked_until_one_tells(
    house: House, dying: Callable[[Tool], House]
) -> None:
    first, mute = dying(Tool(house.folder, after=die)), dying(Mute(house.folder))
    proposal_id = house.note()
    with pytest.raises(Killed):
        first.gate.advance(proposal_id)
    assert mute.mend(CLOCK)[0] == ("actions", proposal_id, "left")
    before = house.store.head()
    [found] = house.reconciler.mend(CLOCK)
    assert (found.outcome, house.store.head()) == ("left", before)
    assert "a person must look" in found.note
    house.gate.settle(house.executor.context("user:eve"), proposal_id, "success", "I looked")
    assert house.mend(CLOCK) == []


def test_one_that_cannot_be_mended_keeps_no_other(house: House) -> None:
    """A refusal is told, and the next is mended."""
    proposal_id = put_to_the_vote(house, minutes_ago=1)
    house.spawn("bob", "ann")
    house.reaper.reap(house.executor.context("user:eve"), "ann", "manual")
    parts = replace(house.parts, reaper=cast("Reaper", Refusing()))
    told = brief(Reconciler(parts, 0).mend(PERSON))
    assert told == [("orphans", "bob", "left"), ("deadlines", proposal_id, "mended")]


class Refusing:
    """Reaps nobody."""

    def reap(self, *_: object, **__: object) -> list[str]:
        raise InvalidInput("not this one")
