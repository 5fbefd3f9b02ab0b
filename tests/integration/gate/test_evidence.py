"""Evidence: it exists, and its persona may see it; everything else is as if it were not there."""

import pytest

from services.commands import cognition
from services.gate.evidence import Citation, Citing, look_up
from services.unit_of_work import Unit
from tests.integration.gate.house import House

NOT_THERE = "is not there, or not for its persona to see"
ANN = Citing("ann", "swarm-core")


def cite(house: House, *refs: str, citing: Citing = ANN) -> list[Citation]:
    return list(look_up(house.store, citing, refs))


def faults(house: House, *refs: str, citing: Citing = ANN) -> list[str | None]:
    return [citation.fault for citation in cite(house, *refs, citing=citing)]


def test_lines_of_its_own_swarm_are_evidence(house: House) -> None:
    at = house.first_observation
    (citation,) = cite(house, f"{at}#0,2")
    assert citation.fault is None
    assert citation.what == "observation.received of test.log"
    assert list(citation.lines) == [(0, "first"), (2, "third")]
    assert citation.left_out == 0


@pytest.mark.parametrize("lines", ["3", "0-3", "0,1,2,3", "2-1", "999999999", "0-999999999"])
def test_lines_that_are_not_in_the_observation_are_no_evidence(lines: str, house: House) -> None:
    (fault,) = faults(house, f"{house.first_observation}#{lines}")
    assert fault is not None
    assert "line" in fault


def test_what_is_not_there_is_no_evidence(house: House) -> None:
    refs = ("999999#0", "999999", "0#0", "nonsense", "01985d4e-0000-7000-8000-000000000000", "1#x")
    assert faults(house, *refs) == [NOT_THERE] * len(refs)


def test_another_swarms_observations_are_not_for_it_to_see(house: House) -> None:
    house.spawn("bob", swarm_id="other")
    at = house.observe("secret\n", "other")
    assert faults(house, f"{at}#0", f"{at}", citing=ANN) == [NOT_THERE] * 2
    assert faults(house, f"{at}#0", f"{at}", citing=Citing("bob", "other")) == [None] * 2


def test_its_own_thoughts_are_evidence_by_id_and_by_position(house: House) -> None:
    position, event_id = house.think()
    first, second = cite(house, str(position), event_id)
    assert first.fault is second.fault is None
    assert first.what == second.what == "thought.generated"
    assert list(first.lines) == [(0, "hm")]


def test_a_thought_has_no_lines_to_cite(house: House) -> None:
    position, _ = house.think()
    assert faults(house, f"{position}#0") == ["is a thought.generated, which has no lines"]


def test_another_personas_thoughts_are_not_for_it_to_see(house: House) -> None:
    house.spawn("bob")
    house.spawn("child", "ann")
    for other in ("bob", "child"):
        position, event_id = house.think(other)
        assert faults(house, str(position), event_id) == [NOT_THERE] * 2


def test_a_persona_whose_id_begins_like_its_own_is_another(house: House) -> None:
    house.spawn("ann2")
    position, event_id = house.think("ann2")
    assert faults(house, str(position), event_id) == [NOT_THERE] * 2


def test_a_descendants_snapshot_is_evidence_by_id_and_by_position(house: House) -> None:
    house.spawn("child", "ann")
    house.spawn("grandchild", "child")
    for persona in ("ann", "child", "grandchild"):
        position, event_id = house.compress(persona, f"snapshot-of-{persona}")
        refs = (str(position), event_id, f"snapshot-of-{persona}")
        assert faults(house, *refs) == [None] * 3
        house.think(persona)


@pytest.mark.parametrize("whose", ["bob", "ann"])
def test_a_snapshot_of_no_descendant_is_not_for_it_to_see(whose: str, house: House) -> None:
    house.spawn("bob")
    house.spawn("child", "ann")
    position, event_id = house.compress(whose, "s")
    citing = Citing("child", "swarm-core")
    assert faults(house, str(position), event_id, "s", citing=citing) == [NOT_THERE] * 3


@pytest.mark.parametrize(
    ("sharing", "seen_by"),
    [
        ((), []),
        (("swarm",), ["ann", "bob"]),
        (("lineage",), ["child"]),
        (("persona:bob",), ["bob"]),
    ],
)
def test_what_a_persona_shares_is_evidence_for_whom_it_names(
    house: House, sharing: tuple[str, ...], seen_by: list[str]
) -> None:
    house.spawn("bob")
    house.spawn("owner", share_with=sharing)
    house.spawn("child", "owner", swarm_id="other")
    position, _ = house.think("owner")
    found = {
        name: faults(house, str(position), citing=Citing(name, swarm))
        for name, swarm in (("ann", "swarm-core"), ("bob", "swarm-core"), ("child", "other"))
    }
    assert [name for name, [fault] in found.items() if fault is None] == seen_by


def test_its_proposals_and_what_was_done_for_them_are_evidence(house: House) -> None:
    """Memory shows them, so that what it shows can be cited."""
    proposal_id = house.note()
    house.gate.advance(proposal_id)
    house.spawn("bob")
    placed = {
        each.topic: str(each.position)
        for each in house.store.read(0, 100)
        if each.stream == f"proposal/{proposal_id}"
    }
    refs = placed["proposal.created"], placed["action.executed"]
    proposed, done = cite(house, *refs)
    assert (proposed.fault, proposed.lines) == (None, [(0, "Deny it It fails")])
    assert done.fault is None
    assert done.lines[0][1].startswith("success ")
    assert faults(house, *refs, citing=Citing("bob", "swarm-core")) == [NOT_THERE] * 2
    others = [at for topic, at in placed.items() if at not in refs]
    assert faults(house, *others) == [NOT_THERE] * len(others)


def test_other_events_are_no_evidence(house: House) -> None:
    position = house.store.read(0, 1, topics=["persona.spawned"])[0].position
    assert faults(house, str(position)) == [NOT_THERE]


def test_ids_are_found_across_segments_however_far_back(house: House) -> None:
    ids = []
    for _ in range(51):
        context = house.executor.context("persona:ann")
        done = house.executor.run(context, lambda unit: many_thoughts(unit, 100))
        ids.append(done.result)
    assert faults(house, ids[-1], ids[30], ids[2], ids[0]) == [None] * 4


def test_what_is_shown_of_evidence_is_bounded(house: House) -> None:
    at = house.observe("\n".join("x" * 1_000 for _ in range(30)))
    (citation,) = cite(house, f"{at}#0-29")
    assert [len(text) for _, text in citation.lines] == [500] * 10
    assert citation.left_out == 20


def test_many_references_keep_their_order(house: House) -> None:
    at = house.first_observation
    _, event_id = house.think()
    refs = [f"{at}#{n % 3}" for n in range(250)]
    refs[120] = event_id
    refs[180] = "nonsense"
    found = cite(house, *refs)
    assert [citation.ref for citation in found] == refs
    assert [n for n, citation in enumerate(found) if citation.fault] == [180]


def many_thoughts(unit: Unit, count: int) -> str:
    """Append thoughts in one save; return the id of the first."""
    thought = cognition.Thought(phase="reflect", content="again")
    first, *_ = [cognition.think(unit, "ann", thought).event_id for _ in range(count)]
    return first
