"""Attention: given events, then so many things are to be looked at."""

from datetime import timedelta

from domain.attending import MOST_OPEN, Attention
from domain.attention import Item, of_belief
from tests.unit.domain.words import NOON, Said
from tests.unit.projections.given import ACTION, History


def attention(history: History) -> Attention:
    found = Attention()
    for recorded in history.recorded:
        found.apply(recorded.position, recorded.event)
    return found


def opened(history: History) -> list[Item]:
    return [item for item in attention(history).items.values() if item.is_open]


def begun() -> History:
    return History().spawned("a").spawned("b")


def test_a_failed_check_is_open_until_its_persona_checks_again_and_it_passes() -> None:
    history = begun().checked("a", "failed")
    [item] = opened(history)
    assert (item.source_type, item.priority, item.owner) == ("failed_check", 0.5, "a")
    assert (item.source_id, item.topic, item.topic_tags) == ("c", "3 of 3", ("h",))
    assert opened(history.checked("b", "passed").checked("a", "inconclusive")) == [item]
    assert opened(history.checked("a", "passed")) == []


def test_who_is_reaped_leaves_no_failed_check_behind() -> None:
    history = begun().checked("a", "failed").checked("b", "failed").reaped("a")
    assert [item.owner for item in opened(history)] == ["b"]


def test_a_proposal_out_of_time_is_open_until_another_is_about_the_same_target() -> None:
    history = begun().proposed("p", "a").rejected("p", "deadline")
    [item] = opened(history)
    assert (item.source_type, item.priority, item.source_id) == ("proposal_timeout", 0.6, "p")
    assert (item.topic, item.topic_tags) == ("do p", ("file.append", "deny.list"))
    assert (item.assigned_persona, item.owner) == ("a", None)
    assert opened(history.proposed("other", "a", action=None)) == [item]
    assert opened(history.proposed("q", "b")) == []


def test_an_action_that_failed_is_open_until_it_is_known_to_have_succeeded() -> None:
    history = begun().proposed("p", "a").executed("p", "unknown")
    [item] = opened(history)
    assert (item.source_type, item.priority) == ("failed_execution", 0.8)
    assert opened(history.executed("p", "failure")) == [item]
    assert opened(history.executed("p", "success")) == []


def test_a_proposal_that_goes_well_or_is_refused_is_nothing_to_look_at() -> None:
    history = begun().proposed("p", "a").executed("p")
    history.proposed("q", "a").rejected("q", "policy").executed("q", "failure")
    found = attention(history)
    assert all(item.is_dropped for item in found.changed.values())


def test_a_swarm_has_so_many_open_at_most_and_the_least_gives_way() -> None:
    history = begun().proposed("p", "a").rejected("p", "deadline")
    for number in range(MOST_OPEN + 4):
        history.checked("a", "failed", f"h{number}")
    found = opened(history)
    assert len(found) == MOST_OPEN
    assert found[0].source_type == "proposal_timeout"
    assert found[1].topic_tags == ("h5",)


def test_what_is_new_gives_way_to_what_matters_more() -> None:
    history = begun()
    for number in range(MOST_OPEN):
        history.proposed(
            f"p{number}", "a", action=ACTION.model_copy(update={"target": f"{number}"})
        )
        history.executed(f"p{number}", "failure")
    before = opened(history)
    assert len(before) == MOST_OPEN
    found = attention(history.checked("a", "failed", "late"))
    assert [item for item in found.items.values() if item.is_open] == before
    [late] = [item for item in found.items.values() if item.source_type == "failed_check"]
    assert late.resolved_at == late.created_at


def test_of_equal_ones_the_one_open_for_longest_gives_way_however_old_its_proposal() -> None:
    history = begun().proposed("first", "a", action=None, vote_deadline=NOON)
    for number in range(MOST_OPEN):
        proposal = f"p{number}"
        history.proposed(proposal, "a", title=proposal, action=None, vote_deadline=NOON)
        history.rejected(proposal, "deadline")
    found = opened(history.rejected("first", "deadline"))
    assert {item.source_id for item in found} == {
        "first", *(f"p{number}" for number in range(1, MOST_OPEN)),
    }  # fmt: skip


def test_the_swarms_do_not_crowd_each_other_out() -> None:
    history = begun().spawned("z", "other").checked("z", "failed")
    for number in range(MOST_OPEN):
        history.checked("a", "failed", f"h{number}")
    assert len(opened(history)) == MOST_OPEN + 1


def test_a_contest_that_was_withstood_is_to_be_looked_at_until_it_is_settled() -> None:
    said = Said().asserts("a", 0.9).contradicts("b")
    [item] = of_belief(said.belief(), said.now)
    assert (item.source_type, item.priority, item.is_open) == ("contested_belief", 0.7, True)
    assert (item.topic, item.assigned_persona) == ("[k] a says", "a")
    [settled] = of_belief(said.checks("a", "passed").belief(), said.now)
    assert (settled.item_id, settled.is_open) == (item.item_id, False)


def test_an_overdue_review_is_to_be_looked_at_until_it_is_made() -> None:
    said = Said().asserts("a")
    later = NOON + timedelta(hours=2)
    [item] = of_belief(said.belief(hours=2), later)
    assert (item.source_type, item.priority) == ("stale_belief", 0.4)
    assert item.created_at == NOON + timedelta(hours=1)
    assert list(of_belief(said.belief(), said.now)) == []
    said.now = NOON + timedelta(hours=1, minutes=59)
    assert list(of_belief(said.checks("a", "passed").belief(hours=2), later)) == []
