"""Whatever is tried in whatever order: nothing runs that was not verified, allowed and approved."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest

from domain.aggregates.proposal import APPROVAL_RISKS, RULES
from domain.aggregates.target import action_hash
from domain.errors import DomainError, ProposalWrongState, TargetHeld
from domain.events import (
    ActionExecuted,
    ActionStarted,
    ApprovalGranted,
    Event,
    PolicyDecided,
    ProposalCreated,
    ProposalRejected,
    ProposalVerified,
)
from domain.events.gate import Action, Finding
from domain.limits import Limits
from domain.vocabulary import RISKS
from services.commands import gate, proposing
from services.gate.policy import Policy
from services.gate.settings import GateSettings, Rule, Tool
from tests.unit.commands.world import World

GATE = "system:gate"
ACTORS = [GATE, "user:eve", "persona:ann", "system:loop"]
ACTION = Action(tool="notify", target="ops", arguments='{"line":"x"}')
TOOLS = {"notify": Tool(risk="low")}
POLICIES = [
    Policy(GateSettings(tools=TOOLS, allow=(Rule(tool="notify", max_risk="critical"),))),
    Policy(GateSettings(
        tools=TOOLS, allow=(Rule(tool="notify", max_risk="critical", needs_approval=True),)
    )),
    Policy(GateSettings(tools=TOOLS, allow=())),
]  # fmt: skip
PASSED = [Finding(rule=rule, passed=True, reason="fine") for rule in RULES]
FAILED = [*PASSED, Finding(rule="evidence", passed=False, reason="none")]

Step = Callable[[World], object]


def to_propose(proposal_id: str, risk: str) -> Step:
    new = proposing.NewProposal(
        proposal_id=proposal_id, title="t", rationale="r", risk=risk, action=ACTION
    )
    return lambda world: world.run(lambda unit: proposing.propose(unit, "ann", new))


def step(dice: Random) -> Step:
    """Make one attempt, right or wrong, by anybody, on one of two proposals of one action."""
    proposal_id = dice.choice("pq")
    actor = dice.choice([GATE, GATE, GATE, "user:eve", "user:eve", *ACTORS])
    policy = POLICIES[dice.choice([0] * 12 + [1, 1, 2])]
    shown = dice.choice(["right", "right", "right", "wrong", None])

    def hash_of(world: World) -> str | None:
        return world.proposal(proposal_id).shown_hash if shown == "right" else shown

    def ran(world: World) -> dict[str, Any]:
        honest = world.proposal(proposal_id).shown
        return honest if dice.random() < 0.8 else {**honest, "title": "other"}

    def run(world: World, command: Callable[[Any], object]) -> object:
        return world.run(command, actor)

    risk, passed = dice.choice(RISKS), dice.choice([PASSED] * 9 + [FAILED])
    outcome = dice.choice(["success", "failure", "unknown", "maybe"])
    lasts, seconds = timedelta(seconds=dice.choice([1, 60])), dice.choice([0, 1, 30, 61])
    unseen = dice.random() < 0.2
    if dice.random() < 0.02:
        return lambda w: run(w, lambda u: gate.deny(u, proposal_id, "no"))
    return dice.choice([
        to_propose(proposal_id, risk),
        lambda w: run(w, lambda u: gate.verify(u, proposal_id, passed, risk)),
        lambda w: run(w, lambda u: gate.decide(u, proposal_id, policy)),
        lambda w: run(w, partial(
            gate.approve, proposal_id=proposal_id, shown_hash=hash_of(w), lasts=lasts,
            unseen_allowed=unseen,
        )),
        lambda w: run(w, partial(
            gate.start, proposal_id=proposal_id, policy=policy, ran=ran(w)
        )),
        lambda w: run(w, lambda u: gate.finish(u, proposal_id, outcome, "{}", 1)),
        lambda w: w.later(seconds=seconds),
    ])  # fmt: skip


def of(events: Iterable[Event], proposal_id: str) -> list[Any]:
    return [e for e in events if getattr(e, "proposal_id", None) == proposal_id]


def audit(history: Sequence[Any]) -> None:
    """Check the order of one proposal's events, from the events alone."""
    kinds = [type(event) for event in history]
    assert kinds.count(ProposalCreated) == 1
    assert kinds.count(ProposalVerified) <= 1
    assert kinds.count(ActionStarted) <= 1
    assert kinds.count(ProposalRejected) <= 1
    if ProposalRejected in kinds:
        assert kinds[-1] is ProposalRejected
        assert ActionStarted not in kinds
    for at, event in enumerate(history):
        match event:
            case ActionStarted():
                _audit_start(history[:at], event)
            case ActionExecuted():
                _audit_end(history[:at], event)
            case ApprovalGranted():
                assert event.actor.startswith("user:")
            case ProposalVerified() | PolicyDecided():
                assert event.actor == GATE


def _audit_start(before: Sequence[Any], started: ActionStarted) -> None:
    [verified] = [e for e in before if isinstance(e, ProposalVerified)]
    assert {f.rule for f in verified.findings if f.passed} == set(RULES)
    asked = before[-1]
    assert isinstance(asked, PolicyDecided)
    assert (asked.moment, asked.decision) == ("acting", "allow")
    assert asked.occurred_at == started.occurred_at
    assert started.ran_hash == started.shown_hash
    waiting = [n for n, e in enumerate(before) if getattr(e, "decision", "") == "require_approval"]
    if verified.assessed_risk in APPROVAL_RISKS or waiting:
        granted = [e for e in before[waiting[-1] :] if isinstance(e, ApprovalGranted)][-1]
        assert granted.expires_at > started.occurred_at
        assert granted.shown_hash == started.shown_hash


def _audit_end(before: Sequence[Any], ended: ActionExecuted) -> None:
    [started] = [e for e in before if isinstance(e, ActionStarted)]
    assert ended.idempotency_key == started.idempotency_key
    earlier = [e for e in before if isinstance(e, ActionExecuted)]
    assert [e.outcome for e in earlier] in ([], ["unknown"])
    assert ended.actor == (GATE if not earlier else "user:eve")


def audit_target(world: World) -> None:
    """The same action is never pending twice, nor done twice."""
    pending: set[str] = set()
    done: set[str] = set()
    for event in world.saved:
        match event:
            case ProposalVerified():
                assert not pending
                assert not done
                pending.add(event.proposal_id)
            case ProposalRejected():
                pending.discard(event.proposal_id)
            case ActionStarted():
                assert pending == {event.proposal_id}
            case ActionExecuted(outcome="success"):
                pending.discard(event.proposal_id)
                done.add(event.proposal_id)
            case ActionExecuted(outcome="failure"):
                pending.discard(event.proposal_id)
    held = world.target(ACTION.tool, ACTION.target)
    assert set(held.held.values()) == pending
    assert set(held.done.values()) == done


def lived(seed: int) -> tuple[World, set[str]]:
    """Try 80 steps on two proposals; return what came of it, and how attempts were refused."""
    dice, world, refusals = Random(seed), World(), set[str]()
    world.spawn("ann", limits=Limits(allowed_tools=("notify",)))
    for each in ("p", "q"):
        to_propose(each, dice.choice(RISKS))(world)
    for attempt in (step(dice) for _ in range(80)):
        before = len(world.saved)
        try:
            attempt(world)
        except DomainError as refused:
            assert len(world.saved) == before
            refusals.add(refused.code)
    return world, refusals


@pytest.mark.parametrize("first", range(0, 600, 60))
def test_no_order_of_steps_gets_around_the_gate(first: int) -> None:
    for seed in range(first, first + 60):
        world, _ = lived(seed)
        world.check()
        for each in ("p", "q"):
            audit(of(world.saved, each))
        audit_target(world)


def test_the_steps_reach_every_end() -> None:
    """The property above would hold of a gate that never moves."""
    reached: set[str] = set()
    for seed in range(150):
        world, refusals = lived(seed)
        reached |= refusals | {world.proposal(each).status for each in ("p", "q")}
    assert reached >= {
        "created", "verified", "waiting", "allowed", "approved", "acting", "executed", "unclear",
        "rejected", "proposal_wrong_state", "shown_hash_mismatch", "shown_hash_required",
        "not_allowed", "invalid_input", "id_taken",
    }  # fmt: skip


@pytest.mark.parametrize("status", ["verified", "waiting", "approved", "executed"])
def test_a_verification_that_comes_twice_leaves_the_proposal_as_it_is(status: str) -> None:
    """Two workers found it created; the slower one must not reject what the other passed."""
    world = World()
    world.spawn("ann", limits=Limits(allowed_tools=("notify",)))
    to_propose("p", "high")(world)

    def verify() -> None:
        world.run(lambda unit: gate.verify(unit, "p", PASSED, "high"), GATE)

    def approve() -> None:
        shown = world.proposal("p").shown_hash
        lasts = timedelta(hours=1)
        world.run(lambda unit: gate.approve(unit, "p", shown, lasts, unseen_allowed=False))

    def start() -> None:
        ran = world.proposal("p").shown
        world.run(lambda unit: gate.start(unit, "p", POLICIES[0], ran), GATE)

    way: list[Callable[[], object]] = [
        verify, lambda: world.run(lambda unit: gate.decide(unit, "p", POLICIES[0]), GATE),
        approve, start,
        lambda: world.run(lambda unit: gate.finish(unit, "p", "success", "{}", 1), GATE),
    ]  # fmt: skip
    for each in way:
        each()
        if world.proposal("p").status == status:
            break
    before = len(world.saved)
    with pytest.raises(ProposalWrongState) as refused:
        verify()
    assert refused.value.details == {"proposal_id": "p", "status": status}
    assert (len(world.saved), world.proposal("p").status) == (before, status)


def test_a_refused_hold_says_who_holds_it_and_how() -> None:
    world = World()
    world.spawn("ann", limits=Limits(allowed_tools=("notify",)))
    to_propose("p", "low")(world)
    world.run(lambda unit: gate.verify(unit, "p", PASSED, "low"), GATE)
    with pytest.raises(TargetHeld) as refused:
        world.run(lambda unit: unit.target("notify", "ops").hold(
            unit.context, "swarm-core", "q", action_hash(ACTION)
        ))  # fmt: skip
    assert (refused.value.code, refused.value.details) == (
        "target_held", {"target": "notify ops", "holder": "p", "how": "pending"},
    )  # fmt: skip
