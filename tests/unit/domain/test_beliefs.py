"""Beliefs: given what personas said, then so much is believed."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.belief import STATUSES, Asserted, belief_id
from domain.beliefs import LEAST, MOST, REVIEWED_EVERY, believe
from tests.unit.domain.words import NOON, Said

WAYS = ("asserts", "contradicts", "passed", "failed")
"""How a persona may speak of what another asserts."""


def say(said: Said, who: str, how: str) -> Said:
    match how:
        case "asserts":
            return said.asserts(who)
        case "contradicts":
            return said.contradicts(who)
        case outcome:
            return said.checks(who, outcome, of="a")


def stance(said: Said) -> tuple[object, ...]:
    found = said.belief()
    return found.confidence, found.status, found.confirmed_by, found.contested_by


@pytest.mark.parametrize(("said", "kept"), [(0.0, 0.05), (0.6, 0.6), (1.0, 0.95)])
def test_nothing_is_sure_and_nothing_impossible(said: float, kept: float) -> None:
    assert Said().asserts("a", said).belief().confidence == kept


def test_a_hypothesis_is_a_belief_to_be_reviewed_in_an_hour() -> None:
    belief = Said().asserts("a", evidence_refs=("1#0",), contradicts=("x",)).belief()
    assert (belief.asserted_by, belief.claim, belief.status) == ("a", "a says", "active")
    assert (belief.evidence_refs, belief.contradicts) == (("1#0",), ("x",))
    assert belief.created_at == belief.updated_at == NOON
    assert belief.review_after == NOON + timedelta(hours=1)
    assert belief.belief_id == belief_id("swarm", "k") != belief_id("other", "k")


def test_another_persona_confirms_once() -> None:
    said = Said().asserts("a", 0.6).asserts("b", 0.2)
    assert said.belief().confidence == pytest.approx(0.75)
    belief = said.checks("b", "passed").asserts("b", 0.2).belief()
    assert belief.confidence == pytest.approx(0.75)
    assert (belief.asserted_by, belief.confirmed_by) == ("a", ("b",))


def test_whoever_said_it_first_asserts_it_however_often_it_says_so_again() -> None:
    belief = Said().asserts("a", 0.6).asserts("b").asserts("a", 0.3, claim="now").belief()
    assert (belief.asserted_by, belief.claim) == ("a", "now")
    assert belief.confidence == pytest.approx(0.45)
    assert belief.created_at == NOON


def test_a_contradiction_withstood_is_to_be_looked_at() -> None:
    belief = Said().asserts("a", 0.75).contradicts("b").contradicts("b").belief()
    assert (belief.confidence, belief.status) == (0.5, "active")
    assert belief.contested_by == ("b",)
    [contest] = belief.contests
    assert (contest.persona_id, contest.resolved_at) == ("b", None)


def test_a_contradiction_that_weighs_more_makes_it_stale() -> None:
    belief = Said().asserts("a", 0.7).contradicts("b").belief()
    assert belief.confidence == pytest.approx(0.45)
    assert (belief.status, belief.contests) == ("stale", ())
    assert belief.is_uncertain


def test_a_confirmation_settles_a_contest_and_brings_back_what_was_stale() -> None:
    withstood = Said().asserts("a", 0.8).contradicts("b").asserts("c").belief()
    assert withstood.contests[0].resolved_at == NOON + timedelta(seconds=2)
    back = Said().asserts("a", 0.7).contradicts("b").asserts("c").belief()
    assert back.status == "active"
    assert back.confidence == pytest.approx(0.6)


def test_the_last_word_of_a_persona_counts() -> None:
    belief = Said().asserts("a", 0.8).contradicts("b").asserts("b").belief()
    assert (belief.contested_by, belief.confirmed_by) == ((), ("b",))
    belief = Said().asserts("a", 0.8).contradicts("b").checks("b", "passed", of="a").belief()
    assert (belief.contested_by, belief.confirmed_by) == ((), ("b",))
    belief = Said().asserts("a", 0.8).asserts("b").contradicts("b").belief()
    assert (belief.contested_by, belief.confirmed_by) == (("b",), ())


@pytest.mark.parametrize("last", WAYS)
@pytest.mark.parametrize("before", WAYS)
def test_what_a_persona_said_before_its_last_word_is_void(before: str, last: str) -> None:
    again = stance(say(say(Said().asserts("a", 0.6), "b", before), "b", last))
    assert again == stance(say(Said().asserts("a", 0.6), "b", last))


def test_its_asserters_contradiction_counts_as_its_last_word_only_and_its_checks_always() -> None:
    said = Said().asserts("a", 0.6).checks("a", "passed", after=0.9).contradicts("a")
    assert said.belief().confidence == pytest.approx(0.65)
    assert said.belief().contested_by == ("a",)
    settled = said.checks("a", "passed", after=0.8).belief()
    assert (settled.confidence, settled.contested_by, settled.contests) == (0.8, (), ())


def test_a_hypothesis_that_contradicts_its_own_key_asserts_it() -> None:
    said = Said().asserts("a", 0.6).asserts("b").contradicts("b")
    said.words[-1] = said.words[-1].model_copy(update={"position": said.words[-2].position})
    for words in (said.words, said.words[::-1]):
        [belief] = believe(words, said.now)
        assert (belief.confirmed_by, belief.contested_by) == (("b",), ())


def test_its_asserters_check_decides() -> None:
    said = Said().asserts("a", 0.8).contradicts("b").checks("a", "passed", after=0.9)
    passed = said.belief()
    assert (passed.status, passed.confidence) == ("active", 0.9)
    assert passed.contests[0].resolved_at
    failed = said.checks("a", "failed", after=0.1).belief()
    assert (failed.status, failed.confidence) == ("invalidated", 0.1)
    assert not failed.is_held
    again = said.asserts("a", 0.7, hypothesis_id="h2").belief()
    assert again.status == "stale"  # b still says otherwise


def test_anothers_check_confirms_or_contests() -> None:
    passed = Said().asserts("a", 0.6).checks("b", "passed", of="a").belief()
    assert (passed.confirmed_by, passed.confidence) == (("b",), 0.75)
    failed = Said().asserts("a", 0.8).checks("b", "failed", of="a").belief()
    assert failed.contested_by == ("b",)
    assert failed.confidence == pytest.approx(0.55)


def test_a_check_of_an_id_that_two_personas_chose_is_of_its_own() -> None:
    said = Said().asserts("a", 0.6, hypothesis_id="h", belief_key="one")
    said.asserts("b", 0.6, hypothesis_id="h", belief_key="two")
    said.checks("b", "failed", of="b")
    said.words[-1] = said.words[-1].model_copy(update={"hypothesis_id": "h"})
    found = {belief.belief_key: belief.status for belief in believe(said.words, said.now)}
    assert found == {"one": "active", "two": "invalidated"}


def test_what_is_overdue_has_faded_once_and_is_stale() -> None:
    said = Said().asserts("a", 0.5)
    assert said.belief(hours=1).status == "active"
    for hours in (1.01, 48):
        belief = said.belief(hours=hours)
        assert belief.status == "stale"
        assert belief.confidence == pytest.approx(0.49)
        assert belief.is_overdue(NOON + timedelta(hours=hours))


def test_what_nobody_alive_holds_is_archived() -> None:
    said = Said().asserts("a", 0.8).contradicts("c").asserts("b").ends("a")
    assert said.belief().status == "active"
    gone = said.ends("b").belief(hours=9)
    assert gone.status == "archived"
    assert all(contest.resolved_at for contest in gone.contests)


def test_what_nobody_asserts_is_no_belief() -> None:
    said = Said().contradicts("b").checks("b", "passed").ends("b")
    assert believe(said.words, NOON) == []


steps = st.lists(
    st.tuples(
        st.sampled_from(["asserts", "contradicts", "passed", "failed", "ends"]),
        st.sampled_from("abc"), st.sampled_from("abc"), st.floats(0, 1),
    ),
    max_size=12,
)  # fmt: skip


@given(steps, st.randoms(use_true_random=False), st.integers(0, 200))
def test_whatever_is_said_makes_a_belief_within_bounds_whatever_order_it_is_told_in(
    steps: list[tuple[str, str, str, float]], random: Random, minutes: int
) -> None:
    said = Said().asserts("a")
    for step, who, of, share in steps:
        match step:
            case "asserts":
                said.asserts(who, share)
            case "contradicts":
                said.contradicts(who)
            case "ends":
                said.ends(who)
            case outcome:
                said.checks(who, outcome, of, share)
    now = said.now + timedelta(minutes=minutes)
    [belief] = believe(said.words, now)
    assert LEAST <= belief.confidence <= MOST
    assert belief.status in STATUSES
    assert belief.asserted_by == "a"
    assert belief.review_after >= belief.created_at + REVIEWED_EVERY
    shuffled = said.words[:]
    random.shuffle(shuffled)
    assert believe(shuffled, now) == [belief]


def test_who_may_read_less_folds_a_belief_of_what_is_left() -> None:
    said = Said().asserts("private", 0.9, claim="secret").asserts("b", 0.4).contradicts("private")
    known = [word for word in said.words if word.persona_id == "b"]
    [belief] = believe(known, said.now)
    assert (belief.asserted_by, belief.claim, belief.confidence) == ("b", "b says", 0.4)
    assert "private" not in repr(belief)
    assert "secret" not in repr(belief)
    assert all(isinstance(word, Asserted) for word in known)
