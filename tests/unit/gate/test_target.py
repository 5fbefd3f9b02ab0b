"""One target: the same action is never pending twice, nor done twice."""

import pytest

from domain.aggregates.target import action_hash
from domain.errors import TargetHeld
from domain.events.gate import Action
from tests.unit.gate.given import DENY, Bench


def test_the_same_action_cannot_be_pending_twice() -> None:
    bench = Bench()
    bench.waiting("p")
    bench.propose("q")
    assert bench.verify("q").status == "rejected"
    (reason,) = bench.last("proposal.rejected").reasons
    assert reason == (
        "consistency: the same action on file.append deny.list is pending by proposal p"
    )
    assert list(bench.target().held.values()) == ["p"]


def test_the_same_action_cannot_be_done_twice() -> None:
    bench = Bench()
    bench.waiting("p")
    bench.approve("p")
    bench.start("p")
    bench.finish("p")
    bench.propose("q")
    assert bench.verify("q").status == "rejected"
    assert "is done by proposal p" in bench.last("proposal.rejected").reasons[0]


@pytest.mark.parametrize("end", ["denied", "failed"])
def test_an_action_that_was_given_up_can_be_proposed_again(end: str) -> None:
    bench = Bench()
    bench.waiting("p")
    if end == "denied":
        bench.deny("p")
    else:
        bench.approve("p")
        bench.start("p")
        bench.finish("p", outcome="failure")
    bench.waiting("q")
    assert bench.proposal("q").status == "waiting"


def test_an_action_nobody_can_tell_of_keeps_its_target() -> None:
    bench = Bench()
    bench.waiting("p")
    bench.approve("p")
    bench.start("p")
    bench.finish("p", outcome="unknown")
    bench.propose("q")
    assert bench.verify("q").status == "rejected"


def test_other_actions_on_the_same_target_do_not_contradict() -> None:
    bench = Bench()
    bench.waiting("p")
    bench.propose("q", action=DENY.model_copy(update={"arguments": '{"line":"192.0.2.8"}'}))
    assert bench.verify("q").status == "verified"


def test_equal_actions_have_one_hash_however_they_were_written() -> None:
    bench = Bench()
    spaced = Action(tool=DENY.tool, target=DENY.target, arguments='{"line": "192.0.2.7"}')
    action = bench.propose(action=spaced).content.action
    assert action is not None
    assert action_hash(action) == action_hash(DENY)


def test_nobody_acts_on_a_target_another_holds() -> None:
    bench = Bench()
    bench.waiting("p")
    target = bench.target()
    target.must_be_held("p", action_hash(DENY))
    for proposal_id, action in (("q", action_hash(DENY)), ("p", "another")):
        with pytest.raises(TargetHeld) as refused:
            target.must_be_held(proposal_id, action)
        assert refused.value.code == "target_held"


def test_an_action_whose_target_was_lost_does_not_start() -> None:
    bench = Bench()
    bench.waiting("p")
    bench.approve("p")
    bench.run(
        "system:gate",
        lambda unit: unit.target(DENY.tool, DENY.target).let_go(
            unit.context, "swarm", "p", done=False
        ),
    )
    with pytest.raises(TargetHeld):
        bench.start("p")
    assert "action.started" not in bench.topics


def test_letting_go_twice_is_letting_go_once() -> None:
    bench = Bench()
    bench.waiting("p")
    bench.deny("p")
    target = bench.target()
    target.let_go(bench.context("system:gate"), "swarm", "p", done=True)
    assert not target.pending
    assert not target.done
