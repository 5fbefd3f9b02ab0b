"""Given a persona and what was asked of it, when it is asked or replies, then what is saved."""

import pytest

from domain.asking import asked_source
from domain.errors import InvalidInput, PersonaNotFound, PersonaReapedError
from domain.events import ObservationReceived
from domain.events.gate import Action, Finding
from domain.limits import Limits
from services.commands import asking, gate, observation, proposing
from services.gate.policy import Policy
from services.gate.settings import GateSettings
from services.inputs.lines import batches_of
from tests.unit.commands.world import World

PASSED = tuple(
    Finding(rule=rule, passed=True, reason="fine")
    for rule in ("evidence", "consistency", "question", "risk")
)
GATE = "system:gate"
POLICY = Policy(GateSettings())


@pytest.fixture
def world() -> World:
    world = World()
    world.spawn("ann")
    return world


def ask(world: World, who: str = "ann", question: str = "Who?") -> ObservationReceived:
    [batch] = batches_of(question.encode())
    return world.run(lambda unit: asking.ask(unit, who, batch))


def verified(world: World, proposal_id: str, answer: str, question_id: str = "q") -> str:
    """Propose an answer and verify it; return how it stands."""
    action = Action(tool="reply", target=question_id, arguments=f'{{"answer":"{answer}"}}')
    new = proposing.NewProposal(
        proposal_id=proposal_id, title="t", rationale="r", risk="low", evidence_refs=("1",),
        action=action,
    )  # fmt: skip
    world.run(lambda unit: proposing.propose(unit, "ann", new), "persona:ann")
    world.run(lambda unit: gate.verify(unit, proposal_id, PASSED, "low"), GATE)
    return world.proposal(proposal_id).status


def handed_over(world: World, proposal_id: str, outcome: str = "success") -> None:
    ran = world.proposal(proposal_id).shown
    world.run(lambda unit: gate.decide(unit, proposal_id, POLICY), GATE)
    ran = world.proposal(proposal_id).shown
    world.run(lambda unit: gate.start(unit, proposal_id, POLICY, ran), GATE)
    world.run(lambda unit: gate.finish(unit, proposal_id, outcome, "{}", 1), GATE)


def reasons(world: World) -> list[str]:
    [rejected] = [event for event in world.last if event.topic == "proposal.rejected"]
    return list(rejected.reasons)  # type: ignore[attr-defined]  # it is one


def test_a_question_is_input_of_its_personas_swarm(world: World) -> None:
    asked = ask(world, question="Who\nand why?")
    assert world.last == [asked]
    assert (asked.persona_id, asked.source) == ("ann", asked_source("ann"))
    assert (asked.content, asked.actor) == ("Who\nand why?", "user:eve")


def test_nobody_is_asked_who_is_not_or_is_no_more(world: World) -> None:
    with pytest.raises(PersonaNotFound):
        ask(world, "nobody")
    world.reap("ann")
    with pytest.raises(PersonaReapedError):
        ask(world)


def test_a_blank_question_is_refused(world: World) -> None:
    with pytest.raises(InvalidInput):
        ask(world, question=" ")


def test_no_observation_passes_for_a_question(world: World) -> None:
    batches, swarm_id = batches_of(b"Who?"), world.persona("ann").swarm_id
    with pytest.raises(InvalidInput, match="kept for questions"):
        world.run(lambda unit: observation.observe(unit, swarm_id, asked_source("ann"), batches))


def test_one_question_has_one_answer_pending_or_given(world: World) -> None:
    assert verified(world, "p", "yes") == "verified"
    assert verified(world, "q", "no") == "rejected"
    assert reasons(world) == [
        "question: q has its answer: the same action on reply q is pending by proposal p"
    ]
    handed_over(world, "p")
    assert verified(world, "r", "maybe") == "rejected"
    assert "done by proposal p" in reasons(world)[0]


def test_answers_to_two_questions_are_not_in_each_others_way(world: World) -> None:
    assert verified(world, "p", "yes", "q1") == "verified"
    assert verified(world, "q", "yes", "q2") == "verified"


def test_a_question_whose_answer_failed_may_be_answered_again(world: World) -> None:
    verified(world, "p", "yes")
    handed_over(world, "p", "failure")
    assert verified(world, "q", "yes") == "verified"


@pytest.mark.parametrize(
    ("parents", "own", "status"),
    [
        ((), (), "allowed"),
        (("reply",), (), "allowed"),
        (("notify", "reply"), ("reply",), "allowed"),
        (("notify",), (), "rejected"),
        (("notify", "reply"), ("notify",), "rejected"),
    ],
)
def test_who_may_reply(parents: tuple[str, ...], own: tuple[str, ...], status: str) -> None:
    world = World()
    world.spawn("root", limits=Limits(allowed_tools=parents))
    world.spawn("ann", "root", Limits(allowed_tools=own))
    verified(world, "p", "yes")
    world.run(lambda unit: gate.decide(unit, "p", POLICY), GATE)
    assert world.proposal("p").status == status
    if status == "rejected":
        assert reasons(world) == ["its persona may not use reply"]


def test_who_may_reply_may_nothing_else_for_that() -> None:
    said = POLICY.decide(Action(tool="notify", target="t", arguments="{}"), "low", ("reply",))
    assert said.decision == "deny"
