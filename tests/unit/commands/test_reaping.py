"""A persona ends once, in the same save as a snapshot that carries on what must not be lost."""

import pytest

from domain.errors import InvalidInput, PersonaNotFound, PersonaReapedError, SnapshotIncomplete
from domain.events import PersonaReaped, SnapshotCompressed
from domain.references import hypothesis_line, proposal_line
from services.commands import cognition, lifecycle, observation
from services.commands.cognition import Thought
from tests.unit.commands.world import World


def family() -> World:
    world = World()
    world.spawn("root")
    world.spawn("child", "root")
    return world


def test_the_last_snapshot_and_the_end_are_one_save_of_all_it_concerns() -> None:
    world = family()
    before = {stream: len(events) for stream, events in world.streams.items()}
    assert world.reap("child")
    written = {s for s, events in world.streams.items() if len(events) > before.get(s, 0)}
    assert written == {
        "thoughts/child/0", "persona/child", "persona/root", "swarm/swarm-core", "fabric",
    }  # fmt: skip
    [reaped] = [e for e in world.last if isinstance(e, PersonaReaped)]
    [snapshot] = [e for e in world.last if isinstance(e, SnapshotCompressed)]
    assert reaped.final_snapshot_id == snapshot.snapshot_id
    assert world.last.index(snapshot) < world.last.index(reaped)


def test_a_second_reap_makes_no_second_event() -> None:
    world = family()
    assert world.reap("child")
    before = len(world.saved)
    assert not world.reap("child")
    assert (len(world.saved), world.fabric().live_personas) == (before, 1)


def test_whom_nobody_knows_nobody_reaps() -> None:
    with pytest.raises(PersonaNotFound):
        World().reap("nobody")


@pytest.mark.parametrize("reason", ["", "because", "Idle"])
def test_a_reason_is_one_of_four(reason: str) -> None:
    world = family()
    with pytest.raises(InvalidInput):
        world.reap("child", reason=reason)


def test_an_empty_snapshot_is_refused_where_there_is_something_to_carry_on() -> None:
    world = family()
    before = len(world.saved)
    with pytest.raises(SnapshotIncomplete) as refused:
        world.reap("child", to_cite=("p1", "h1"))
    assert refused.value.code == "snapshot_incomplete"
    assert refused.value.details == {"persona_id": "child", "missing": ["p1", "h1"]}
    assert len(world.saved) == before
    assert not world.persona("child").reaped


def test_an_empty_snapshot_will_do_where_there_is_nothing() -> None:
    assert family().reap("child")


@pytest.mark.parametrize("ref", ["1", "h 1", "a:b", "100%", "x]y[", "思"])
def test_a_snapshot_must_name_exactly_what_it_carries_on(ref: str) -> None:
    world = family()
    longer = (proposal_line(f"{ref}0", "created", ref), hypothesis_line(f"0{ref}", ref))
    with pytest.raises(SnapshotIncomplete):
        world.reap("child", to_cite=(ref,), decisions=longer[:1], questions=longer[1:])
    assert world.reap("child", to_cite=(ref,), decisions=(proposal_line(ref, "created", "t"),))
    world.spawn("other", "root")
    assert world.reap("other", to_cite=(ref,), questions=(hypothesis_line(ref, "claim"),))


def test_whoever_has_ended_neither_thinks_nor_is_seen_to() -> None:
    world = family()
    world.reap("child")
    thought = Thought(phase="observe", content="t")
    attempts = [
        lambda unit: cognition.think(unit, "child", thought),
        lambda unit: observation.observe(unit, "swarm-core", "s", [], "child"),
        lambda unit: lifecycle.pause(unit, "child"),
        lambda unit: lifecycle.resume(unit, "child"),
    ]
    for attempt in attempts:
        with pytest.raises(PersonaReapedError):
            world.run(attempt)
    with pytest.raises(PersonaReapedError):
        world.reserve("child", tokens=1)


def test_the_children_of_a_reaped_parent_live_on_and_can_be_reaped() -> None:
    world = family()
    world.reap("root")
    world.reserve("child", tokens=1)
    assert world.reap("child")
    assert world.fabric().live_personas == 0
