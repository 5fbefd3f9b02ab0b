"""What agents that think elsewhere push: thoughts, hypotheses, checks, observations."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from domain.budget import Credits
from domain.errors import (
    InvalidInput,
    PersonaIsPaused,
    PersonaNotFound,
    ReservationNotFound,
    SwarmNotFound,
)
from domain.events import CheckRequested, CheckResult, HypothesisRaised, ObservationReceived
from domain.events.cognition import ContextRef, Usage
from services.commands import cognition, observation
from services.commands.cognition import MAX_REFS, Check, Hypothesis, Thought
from services.commands.observation import Batch
from services.unit_of_work import Unit
from tests.unit.commands.world import World

HYPOTHESIS = Hypothesis(
    hypothesis_id="h", belief_key="disk full", claim="c", confidence=0.5, evidence_refs=("1#0",)
)
CHECK = Check(check_id="k", hypothesis_id="h", kind="recount")


def with_root() -> World:
    world = World()
    world.spawn("root")
    return world


def think(world: World, reservation_id: str | None = None, **given: Any) -> None:
    thought = Thought(**{"phase": "observe", "content": "t", **given})
    world.run(lambda unit: cognition.think(unit, "root", thought, reservation_id))


def refused(world: World, command: Callable[[Unit], object]) -> dict[str, Any]:
    before = len(world.saved)
    with pytest.raises(InvalidInput) as wrong:
        world.run(command)
    assert len(world.saved) == before
    return wrong.value.details


def test_a_thought_and_the_settling_of_its_reservation_are_one_save() -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=50)
    think(world, reserved, usage=Usage(prompt_tokens=20, completion_tokens=10))
    assert world.topics == ["thought.generated", "budget.settled"]
    assert world.swarm().pool.leased["persona/root"] == Credits(30)
    assert world.persona("root").paused is None


def test_a_thought_that_used_more_than_was_reserved_is_recorded_charged_and_pauses() -> None:
    world = with_root()
    reserved = world.reserve("root", tokens=50)
    think(world, reserved, usage=Usage(prompt_tokens=80))
    assert world.topics[0] == "thought.generated"
    assert "persona.paused" in world.topics
    assert world.swarm().pool.leased["persona/root"] == Credits(80)


def test_a_thought_that_cost_something_nobody_reserved_is_recorded_charged_and_pauses() -> None:
    world = with_root()
    think(world, usage=Usage(prompt_tokens=80, cpu_ms=7))
    assert world.swarm().pool.leased["persona/root"] == Credits(80, 7)
    paused = world.persona("root").paused
    assert paused is not None
    assert paused.reason == "overspent"
    with pytest.raises(PersonaIsPaused):
        think(world)


def test_a_thought_that_cost_nothing_needs_no_reservation() -> None:
    world = with_root()
    think(world)
    assert world.topics == ["thought.generated"]
    assert world.guards == {"persona/root": 1}


def test_a_reservation_nobody_made_settles_nothing_and_the_thought_is_not_recorded() -> None:
    world = with_root()
    with pytest.raises(ReservationNotFound):
        think(world, "none", usage=Usage(prompt_tokens=1))
    assert world.thoughts("root") == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"phase": "dream"}, "phase"), ({"phase": "Observe"}, "phase"),
        ({"impact": 1.01}, "impact"), ({"impact": -0.1}, "impact"),
        ({"impact": float("nan")}, "impact"),
        ({"usage": Usage(prompt_tokens=-1)}, "prompt_tokens"),
        ({"context_refs": (ContextRef(ref="1", tier="lukewarm"),)}, "tier"),
    ],
)  # fmt: skip
def test_a_thought_that_cannot_be_meant_is_refused(given: dict[str, Any], field: str) -> None:
    world = with_root()
    thought = Thought(**{"phase": "observe", "content": "t", **given})
    told = refused(world, lambda unit: cognition.think(unit, "root", thought))
    assert told["field"] == field


def test_the_thousand_and_first_thought_opens_the_second_segment() -> None:
    world = with_root()
    for _ in range(1_001):
        think(world)
    first, second = world.streams["thoughts/root/0"], world.streams["thoughts/root/1"]
    assert (len(first), len(second)) == (1_000, 1)
    assert second[0].originator_version == 1
    world.restart()
    think(world)
    assert len(second) == 2


def test_a_belief_key_has_one_form_also_where_it_is_contradicted() -> None:
    world = with_root()
    raised = HYPOTHESIS.model_copy(
        update={"belief_key": " Disk\tFull ", "contradicts": ("All  Is Well", "all-is-well")}
    )
    world.run(lambda unit: cognition.hypothesise(unit, "root", raised))
    [event] = world.last
    assert isinstance(event, HypothesisRaised)
    assert event.belief_key == "disk-full"
    assert event.contradicts == ("all-is-well", "all-is-well")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"hypothesis_id": ""}, "hypothesis_id"), ({"hypothesis_id": "x" * 129}, "hypothesis_id"),
        ({"belief_key": " "}, "belief_key"), ({"belief_key": "k" * 129}, "belief_key"),
        ({"contradicts": ("",)}, "belief_key"), ({"confidence": 2}, "confidence"),
        ({"evidence_refs": ("x" * 129,)}, "evidence_refs"),
        ({"evidence_refs": ("1",) * (MAX_REFS + 1)}, "evidence_refs"),
    ],
)  # fmt: skip
def test_a_hypothesis_that_cannot_be_meant_is_refused(wrong: dict[str, Any], field: str) -> None:
    hypothesis = HYPOTHESIS.model_copy(update=wrong)
    told = refused(with_root(), lambda unit: cognition.hypothesise(unit, "root", hypothesis))
    assert told["field"] == field


def test_a_check_that_goes_on_is_requested_and_one_that_ended_has_its_result_too() -> None:
    world = with_root()
    world.run(lambda unit: cognition.check(unit, "root", CHECK))
    assert world.topics == ["check.requested"]
    ended = CHECK.model_copy(update={"outcome": "passed", "spec": {"b": 1, "a": [1.5, "ü"]}})
    world.run(lambda unit: cognition.check(unit, "root", ended))
    request, result = world.last
    assert isinstance(request, CheckRequested)
    assert isinstance(result, CheckResult)
    assert request.spec == '{"a":[1.5,"ü"],"b":1}'
    assert result.causation_id == request.event_id


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "maybe"}, {"confidence_after": -1}, {"check_id": ""}, {"hypothesis_id": ""},
        {"spec": {"n": float("nan")}}, {"spec": {"n": 2**53 + 1}}, {"spec": {"s": "\ud800"}},
        {"evidence_refs": ("",)},
    ],
)  # fmt: skip
def test_a_check_that_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    done = CHECK.model_copy(update={"outcome": "passed", **wrong})
    refused(with_root(), lambda unit: cognition.check(unit, "root", done))


def test_nobody_thinks_for_a_persona_that_is_not_there() -> None:
    with pytest.raises(PersonaNotFound):
        World().run(lambda unit: cognition.hypothesise(unit, "root", HYPOTHESIS))


def batches(count: int) -> list[Batch]:
    return [Batch(content="l", line_count=1, first_line=n, offset=2 * n) for n in range(count)]


def test_observations_are_appended_to_the_log_of_their_source() -> None:
    world = with_root()
    for source in ("a/b", "ü"):
        world.run(
            partial(observation.observe, swarm_id="swarm-core", source=source, batches=batches(2))
        )
    assert {s for s in world.streams if s.startswith("obs") and world.streams[s]} == {
        "observations/swarm-core/a%2Fb/0", "observations/swarm-core/%C3%BC/0",
    }  # fmt: skip
    assert all(isinstance(e, ObservationReceived) and e.persona_id is None for e in world.last)


def test_who_cannot_see_is_told_nothing() -> None:
    world = with_root()
    world.spawn("stranger", swarm_id="theirs")
    with pytest.raises(SwarmNotFound):
        world.run(lambda unit: observation.observe(unit, "nowhere", "s", batches(1)))
    refused(
        world, lambda unit: observation.observe(unit, "swarm-core", "s", batches(1), "stranger")
    )


@pytest.mark.parametrize("source", ["", "x" * 1_001])
def test_a_source_that_cannot_be_named_is_refused(source: str) -> None:
    refused(with_root(), lambda unit: observation.observe(unit, "swarm-core", source, batches(1)))


def test_a_source_with_the_longest_name_still_has_a_stream_that_fits_the_index() -> None:
    world = World()
    swarm_id, source = "\U0001f600" * 128, "思" * 1_000
    world.spawn("root", swarm_id=swarm_id)
    for name in (source, source[:-1] + "x"):
        world.run(partial(observation.observe, swarm_id=swarm_id, source=name, batches=batches(1)))
    logs = [s for s in world.streams if s.startswith("observations")]
    assert len(logs) == 2
    assert all(len(log.encode()) < 2_600 for log in logs)
