"""Compaction: what is kept, what is let go, and that it makes no difference how it is come by."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.compaction import HALF_LIFE, MOST_LINKS, MOST_SHOWN
from domain.events import ProposalCreated
from projections import memories
from services.store.recorder import Recorder
from tests.integration.memory.meaning import Said
from tests.integration.memory.remembering import (
    SWARMS,
    Remembering,
    compressed,
    lives,
    remembering,
    shown,
)
from tests.unit.projections.given import History

MOST = 4
"""Few enough that histories of some dozen events go beyond."""

any_life = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def memory(store: Recorder, database: str) -> Iterator[Remembering]:
    with remembering(store, database, memories.view(MOST)) as made:
        yield made


@any_life
@given(history=lives(), cuts=st.lists(st.integers(1, 59), max_size=8))
def test_memory_does_not_depend_on_how_events_are_cut_into_batches(
    memory: Remembering, history: History, cuts: list[int]
) -> None:
    cuts = [cut for cut in cuts if cut < len(history.recorded)]
    whole = memory.take_in(history.recorded)
    assert memory.take_in(history.recorded, cuts) == whole
    assert memory.take_in(history.recorded, range(1, len(history.recorded))) == whole


@any_life
@given(history=lives())
def test_compacting_twice_is_compacting_once(memory: Remembering, history: History) -> None:
    moment = history.now
    for who in SWARMS:
        history.now = moment
        compressed(history, who)
    once = memory.take_in(history.recorded)
    for who in SWARMS:
        history.now = moment
        compressed(history, who)
    assert memory.take_in(history.recorded) == once


@any_life
@given(history=lives())
def test_a_decision_and_what_it_rested_on_when_it_was_made_is_never_dropped(
    memory: Remembering, history: History
) -> None:
    kept, said = set[str](), Said()
    with memory.connection.transaction(force_rollback=True):
        for recorded in history.recorded:
            said.hear(recorded, memory.rows())
            memory.go_on([recorded])
            there = {row["memory_id"]: row for row in memory.rows()}
            assert kept <= there.keys()
            if isinstance(recorded.event, ProposalCreated):
                kept |= said.rested_on(recorded.event.event_id, there.keys())


@any_life
@given(history=lives())
def test_every_thought_is_there_or_folded_or_let_go(memory: Remembering, history: History) -> None:
    let_go = 0
    with memory.connection.transaction(force_rollback=True):
        for start in range(0, len(history.recorded), 7):
            batch = history.recorded[start : start + 7]
            before = counted(memory)
            memory.go_on(batch)
            thoughts = sum(each.event.topic == "thought.generated" for each in batch)
            let_go += before + thoughts - counted(memory)
            assert let_go >= 0
            if not any(each.event.topic == "snapshot.compressed" for each in batch):
                assert counted(memory) == before + thoughts


def counted(memory: Remembering) -> int:
    return sum(row["count"] for row in memory.rows() if row["kind"] == "thought")


def test_repetitions_fold_into_the_first_with_their_number_and_links(memory: Remembering) -> None:
    history = History().spawned("a")
    for number in (3, 40, 500):
        history.thought("a", content=f"Read {number} lines", context_refs=shown([f"{number}#0"]))
    [row] = memory.take_in(compressed(history, "a").recorded)
    assert (row["memory_id"], row["count"]) == ("event-2", 3)
    assert row["last_seen_at"] == history.recorded[3].event.occurred_at
    assert row["links"] == ["context:3", "again:40", "again:500"]


def test_what_two_personas_think_alike_is_not_folded(memory: Remembering) -> None:
    history = History().spawned("a").spawned("b").thought("a").thought("b").thought("a")
    compressed(compressed(history, "b"), "a")
    assert [row["count"] for row in memory.take_in(history.recorded)] == [2, 1]


def test_a_thought_is_let_go_at_the_first_snapshot_after_its_value_is_gone(
    memory: Remembering,
) -> None:
    history = History().spawned("a").thought("a", content="it matters", impact=0.4)
    history.now += 2 * HALF_LIFE - timedelta(minutes=1)
    assert memory.take_in(compressed(history, "a").recorded)
    history.now += timedelta(minutes=1)
    assert not memory.take_in(compressed(history, "a").recorded)


def test_beyond_the_most_what_is_worth_least_goes_first(memory: Remembering) -> None:
    history = History().spawned("a")
    for number, word in enumerate(("one", "two", "three", "four", "five", "six")):
        history.thought("a", content=word, impact=1 - number / 10)
    rows = memory.take_in(compressed(history, "a").recorded)
    assert [row["text"] for row in rows] == ["one", "two", "three", "four"]


def test_an_open_hypothesis_stays_until_a_check_settles_it(memory: Remembering) -> None:
    history = History().spawned("a").supposed("a").checked("a", "inconclusive", after=0.2)
    history.now += 10 * HALF_LIFE
    [row] = memory.take_in(compressed(history, "a").recorded)
    assert (row["kind"], row["status"]) == ("hypothesis", "inconclusive")
    history.checked("a", "failed", after=0.05)
    rows = memory.take_in(compressed(history, "a").recorded)
    assert [(row["kind"], row["status"]) for row in rows] == [("check", "failed")]


def test_a_check_of_what_a_decision_rests_on_stays(memory: Remembering) -> None:
    history = History().spawned("a").supposed("a").proposed("p", "a", evidence_refs=("h",))
    history.checked("a", "passed")
    history.now += 10 * HALF_LIFE
    rows = memory.take_in(compressed(history, "a").recorded)
    assert [(row["kind"], row["kept"]) for row in rows] == [
        ("hypothesis", "rests"), ("proposal", "rests"), ("check", "rests"),
    ]  # fmt: skip


def test_a_check_stays_with_what_it_tested_when_the_name_is_used_again(
    memory: Remembering,
) -> None:
    history = History().spawned("a").supposed("a").checked("a", "passed").supposed("a", "other")
    history.proposed("p", "a", evidence_refs=("event-2",)).checked("a", "failed", check_id="d")
    history.now += 10 * HALF_LIFE
    rows = memory.take_in(compressed(history, "a").recorded)
    assert [(row["memory_id"], row["kept"]) for row in rows] == [
        ("event-2", "rests"), ("event-3", "rests"), ("event-5", "rests"),
    ]  # fmt: skip


def test_a_check_that_is_cited_keeps_what_it_tested_when_the_name_is_used_again(
    memory: Remembering,
) -> None:
    history = History().spawned("a").supposed("a").checked("a", "passed").supposed("a", "other")
    history.proposed("p", "a", evidence_refs=("event-3",))
    history.now += 10 * HALF_LIFE
    rows = memory.take_in(compressed(history, "a").recorded)
    assert [row["memory_id"] for row in rows if row["kept"]] == ["event-2", "event-3", "event-5"]


def test_a_name_means_what_had_it_when_it_was_cited(memory: Remembering) -> None:
    history = History().spawned("a").supposed("a").supposed("a", "k", "g", evidence_refs=("h",))
    history.supposed("a", "other").proposed("p", "a", evidence_refs=("g",))
    rows = memory.take_in(history.recorded)
    assert [row["memory_id"] for row in rows if row["kept"]] == ["event-2", "event-3", "event-5"]
    assert rows[1]["links"] == ["evidence:event-2"]


def test_a_thought_gathers_links_up_to_a_bound(memory: Remembering) -> None:
    history = History().spawned("a")
    for number in range(2, 2 * MOST_LINKS):
        history.thought("a", context_refs=shown([str(1_000 + number)]))
    [row] = memory.take_in(compressed(history, "a").recorded)
    assert (row["count"], len(row["links"])) == (2 * MOST_LINKS - 2, MOST_LINKS)


def test_links_to_what_was_shown_are_bounded(memory: Remembering) -> None:
    many = [str(1_000 + number) for number in range(2 * MOST_SHOWN)]
    history = History().spawned("a").thought("a", context_refs=shown(many)).thought("a")
    first, _ = memory.take_in(history.recorded)
    assert first["links"] == [f"context:{ref}" for ref in many[:MOST_SHOWN]]
    [row] = memory.take_in(compressed(history.thought("a", context_refs=shown("7")), "a").recorded)
    assert (row["count"], row["links"]) == (3, first["links"])


def test_only_snapshots_of_a_persona_itself_compact_its_memory(memory: Remembering) -> None:
    history = History().spawned("a").spawned("b").thought("a", impact=0.0)
    compressed(history, "b").distilled("a", persona_scope=("b",))
    assert memory.take_in(history.recorded)
    assert not memory.take_in(compressed(history, "a").recorded)


def test_what_came_of_a_proposal_is_told_by_its_node_and_its_action(memory: Remembering) -> None:
    history = History().spawned("a").proposed("p", "a").verified("p", "critical")
    history.decided("p", "allow").started("p").executed("p")
    proposal, action = memory.take_in(history.recorded)
    assert (proposal["status"], proposal["value"]) == ("executed", 1.0)
    assert (action["kind"], action["status"], action["persona_id"]) == ("action", "success", "a")
    assert action["links"] == ["executes:event-2"]


def test_a_reference_no_index_takes_is_passed_over(memory: Remembering) -> None:
    odd = ["x" * 100_000, "\0"]
    history = History().spawned("a").thought("a", context_refs=shown(odd))
    history.supposed("a", evidence_refs=("event-2", *odd))
    thought, hypothesis = memory.take_in(history.recorded)
    assert (thought["links"], hypothesis["links"]) == ([], ["evidence:event-2"])
