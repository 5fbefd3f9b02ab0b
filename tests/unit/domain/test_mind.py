"""What a persona has in mind is a fold: after any crash it goes on where it was."""

from dataclasses import fields
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import (
    CheckResult,
    Event,
    HypothesisRaised,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.events.cognition import ContextRef, Thinker, Usage
from domain.mind import (
    KEPT_DECISIONS,
    KEPT_FACTS,
    KEPT_QUESTIONS,
    Decided,
    Mind,
    inherited_line,
    is_inherited,
    keys_of,
)
from domain.recorded import Recorded
from domain.references import carried_in
from domain.vocabulary import PHASES
from services.store.codec import encode
from services.store.save import EVENT_LIMIT

ENVELOPE: dict[str, Any] = {
    "event_id": "e", "occurred_at": datetime(2026, 8, 1, tzinfo=UTC), "swarm_id": "s",
    "persona_id": "p", "actor": "persona:p", "correlation_id": "c",
}  # fmt: skip


def thought(phase: str = "observe", content: str = "t", **given: Any) -> ThoughtGenerated:
    told = {"impact": 0.5, "thinker": Thinker(source="x"), "usage": Usage(), **given}
    return ThoughtGenerated(**ENVELOPE, phase=phase, content=content, **told)


def observed(*refs: str, **given: Any) -> ThoughtGenerated:
    shown = tuple(ContextRef(ref=ref, tier="input") for ref in refs)
    return thought(**{"context_refs": shown, **given})


def raised(hypothesis_id: str, key: str = "k", claim: str = "claim") -> HypothesisRaised:
    return HypothesisRaised(
        **ENVELOPE, hypothesis_id=hypothesis_id, belief_key=key, claim=claim, confidence=0.5
    )


def checked(hypothesis_id: str, outcome: str, confidence: float = 0.9) -> CheckResult:
    return CheckResult(
        **ENVELOPE, check_id="k", hypothesis_id=hypothesis_id, outcome=outcome,
        confidence_after=confidence, excerpt="x",
    )  # fmt: skip


def snapshot(body: dict[str, Any]) -> SnapshotCompressed:
    return SnapshotCompressed(**ENVELOPE, causation_id="e", snapshot_id="s", **body)


def told(*events: Event, mind: Mind | None = None) -> Mind:
    mind = mind or Mind("p")
    for event in events:
        mind.apply(Recorded(mind.last_position + 10, "thoughts/p/0", mind.length + 1, 0, event))
    return mind


def compressed(mind: Mind, *decided: Decided) -> Mind:
    return told(snapshot(mind.distil(decided)), mind=mind)


def test_steps_follow_each_other_and_a_snapshot_begins_again() -> None:
    mind = told()
    for phase in PHASES:
        assert mind.next_phase == phase
        told(thought(phase), mind=mind)
    assert mind.next_phase == "observe"
    assert compressed(mind).next_phase == "observe"


@pytest.mark.parametrize("phase", PHASES)
def test_a_failed_step_is_taken_again(phase: str) -> None:
    mind = told(*(thought(each) for each in PHASES[: PHASES.index(phase)]))
    told(thought(phase, error="timeout"), mind=mind)
    assert (mind.next_phase, mind.failed) == (phase, True)
    told(thought(phase), mind=mind)
    assert mind.failed is False
    assert mind.next_phase != phase


def test_what_was_observed_is_known_by_the_highest_position_shown() -> None:
    mind = told(observed("7#0-3", "12#0", "event-id"), observed("9#0"))
    assert mind.seen == 12


@pytest.mark.parametrize(
    "other",
    [
        observed("99#0", error="timeout"), observed("99#0", phase="test"),
        thought(context_refs=(ContextRef(ref="99", tier="cold"),)),
    ],
)  # fmt: skip
def test_only_input_shown_in_an_observe_step_that_did_not_fail_was_observed(other: Event) -> None:
    assert told(observed("7#0"), other).seen == 7


def test_what_was_observed_is_not_observed_again_after_a_snapshot_and_a_crash() -> None:
    mind = told(observed("7#0"))
    last = snapshot(mind.distil(()))
    assert told(last).seen == 7


def test_a_confirmed_hypothesis_is_a_fact_in_the_place_of_the_earlier_one() -> None:
    mind = told(raised("h", "a"), checked("h", "passed"), raised("i", "b"), checked("i", "passed"))
    told(raised("j", "a", "changed"), checked("j", "passed", 0.75), mind=mind)
    assert mind.facts == ["[b] claim (0.90)", "[a] changed (0.75)"]
    assert mind.known == {"a", "b"}
    assert not mind.hypotheses


@pytest.mark.parametrize("key", ["a]b", "[x]", "100%", "%5d", "]"])
def test_a_belief_key_with_brackets_is_still_known(key: str) -> None:
    mind = told(raised("h", key), checked("h", "passed"))
    assert mind.known == keys_of(mind.facts) == {key}
    told(raised("i", key, "newer"), checked("i", "passed"), mind=mind)
    assert len(mind.facts) == 1


def test_a_summary_counts_once_however_often_its_mind_is_distilled() -> None:
    mind = told(thought(content="All is quiet."))
    counts = "0 facts, 0 decisions, 0 open questions."
    assert mind.distil(())["summary"] == f"1 thoughts since position 10; {counts} All is quiet."
    mind = compressed(compressed(mind))
    told(raised("h"), checked("h", "passed"), mind=mind)
    assert mind.distil(())["summary"] == "1 facts, 0 decisions, 0 open questions. All is quiet."


def test_a_fact_that_only_says_that_a_child_was_is_told_from_others() -> None:
    assert is_inherited(inherited_line("a child", "s-1", "2 facts."))
    assert not is_inherited("[k] it wrote (snapshot s-1): so it is (0.90)")
    assert not is_inherited("hypothesis h: so it is (0.90)")


def test_a_refuted_hypothesis_is_gone() -> None:
    mind = told(raised("h"), checked("h", "failed"))
    assert (mind.facts, mind.to_cite(())) == ([], [])


@pytest.mark.parametrize("hypothesis_id", ["h", "agent:7:h", "a b", "h:", "%20"])
def test_an_open_hypothesis_is_carried_on_until_a_check_settles_it(hypothesis_id: str) -> None:
    mind = told(raised(hypothesis_id))
    for _ in range(3):
        mind = compressed(mind)
        assert mind.to_cite(()) == [hypothesis_id]
    told(checked(hypothesis_id, "inconclusive"), mind=mind)
    assert mind.to_cite(()) == [hypothesis_id]
    told(checked(hypothesis_id, "passed", 0.8), mind=mind)
    assert mind.to_cite(()) == []
    [fact] = mind.facts
    assert "claim (0.80)" in fact


def test_a_snapshot_cites_every_decision_and_everything_open() -> None:
    mind = told(thought(), raised("h1"), raised("h2"), checked("h2", "failed"))
    decided = [Decided("p1", "Deny", "executed"), Decided("p2", "Tell", "waiting")]
    body = mind.distil(decided)
    assert body["decisions"] == ("proposal p1 [executed]: Deny", "proposal p2 [waiting]: Tell")
    assert body["open_questions"] == ("hypothesis h1: claim", "proposal p2 [waiting]: Tell")
    assert set(mind.to_cite(decided)) == {"p1", "p2", "h1"}


def test_a_snapshot_says_what_it_did_to_the_thoughts() -> None:
    mind = told(
        thought(content="same  words"), thought(content="same words"), thought(content="low",
        impact=0.05), thought("reflect", "other"), thought("test", "", error="timeout"),
    )  # fmt: skip
    body = mind.distil(())
    numbers = {k: body[k] for k in ("thoughts_in", "duplicates", "decayed", "kept")}
    assert numbers == {"thoughts_in": 5, "duplicates": 1, "decayed": 2, "kept": 2}
    assert (body["from_position"], body["to_position"]) == (10, 50)
    assert body["bytes_in"] == len("same  wordssame wordslowother")
    assert body["bytes_out"] > 0


def test_a_parent_carries_on_what_its_children_left() -> None:
    mind = told(snapshot(told().distil((), ["child (snapshot s): it saw fire"])))
    assert mind.facts == ["child (snapshot s): it saw fire"]


def test_an_empty_mind_can_be_distilled() -> None:
    body = told().distil(())
    assert body["summary"] == "Nothing thought, nothing decided."
    assert body["decisions"] == body["open_questions"] == body["facts"] == ()


def test_a_snapshot_fits_an_event_whatever_was_decided_supposed_and_inherited() -> None:
    """Else a persona that once supposed too much could never be compressed, nor reaped."""
    wide, number = "\U0001f600", count()
    ids = [f"{wide * 120}{next(number)}" for _ in range(3_000)]
    mind = told(*(raised(each, each[-60:], wide * 5_000) for each in ids[:2_000]))
    told(*(checked(each, "passed") for each in ids[:500]), mind=mind)
    told(thought(content=wide * 50_000), mind=mind)
    decided = [Decided(each, wide * 500, "waiting") for each in ids[2_000:]]
    inherited = [wide * 10_000] * 300
    body = mind.distil(decided, inherited)
    assert len(encode(snapshot(body))) <= EVENT_LIMIT
    carried = carried_in([*body["decisions"], *body["open_questions"]])
    assert set(mind.to_cite(decided)) == set(carried)
    assert decided[-1].proposal_id in carried
    assert ids[1_999] in carried


def test_what_is_usual_is_carried_on_whole() -> None:
    mind = told(*(raised(f"0190163d-8694-739b-aea5-{n:012}") for n in range(500)))
    decided = [Decided(f"0190163d-8694-739b-bea5-{n:012}", "t" * 80, "x") for n in range(700)]
    assert len(mind.to_cite(decided)) == 1_200


def test_a_mind_stays_small_however_long_it_lives() -> None:
    mind = told()
    decided = [Decided(f"p{n}", "t", "executed") for n in range(2_000)]
    for cycle in range(300):
        told(*(raised(f"h{cycle}-{n}", f"k{cycle}-{n}") for n in range(10)), mind=mind)
        told(*(checked(f"h{cycle}-{n}", "passed") for n in range(5)), mind=mind)
        told(*(thought(content=f"{cycle}-{n}") for n in range(5)), mind=mind)
        compressed(mind, *decided)
    assert len(mind.facts) <= KEPT_FACTS
    assert len(mind.questions) <= KEPT_QUESTIONS
    assert len(mind.distil(decided)["decisions"]) <= KEPT_DECISIONS
    assert len(mind.expiries) == 0


IDS = st.sampled_from(["h1", "h:2", "h 3", "h%4"])
EVENTS = st.one_of(
    st.builds(
        thought, st.sampled_from(PHASES), st.sampled_from(["a", "b", "c"]),
        error=st.sampled_from([None, None, None, "timeout"]),
        impact=st.sampled_from([0.0, 0.5]),
    ),
    st.builds(observed, st.integers(0, 500).map(lambda n: f"{n}#0")),
    st.builds(raised, IDS, st.sampled_from(["k", "l]"]), st.sampled_from(["one", "two"])),
    st.builds(checked, IDS, st.sampled_from(["passed", "failed", "inconclusive"])),
    st.just("compress"),
)  # fmt: skip


@settings(max_examples=200)
@given(history=st.lists(EVENTS, max_size=40))
def test_a_fold_from_the_newest_snapshot_is_the_fold_of_all(history: list[Any]) -> None:
    whole, since = told(), None
    for position, each in enumerate(history, 1):
        event = each
        if each == "compress":
            event = snapshot(whole.distil([Decided("p", "t", "waiting")]))
            since = Mind("p", length=whole.length)
        for mind in (whole, since):
            if mind:
                mind.apply(Recorded(position, "thoughts/p/0", position, 0, event))
    if since:
        for field in fields(Mind):
            assert getattr(since, field.name) == getattr(whole, field.name), field.name
        assert since.distil(()) == whole.distil(())
