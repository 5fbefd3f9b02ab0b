"""Beliefs, attention and the blackboard: what each reader finds, and what no one else does."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.belief import Belief, belief_id
from domain.limits import Limits
from projections import attention, beliefs, blackboard, privacy, workspace
from projections.attention import MOST_RESOLVED
from projections.blackboard import Board
from projections.privacy import EVERYTHING, NOBODY, PUBLIC, Reader
from services.memory.blackboard import Blackboard
from services.views import Views
from tests.unit.projections.given import NOON, History

Given = Callable[[History], Views]
SHARED = Limits(share_memory=True)
NOW = NOON + timedelta(minutes=5)
EVERYBODY = [
    EVERYTHING, PUBLIC, NOBODY,
    *(privacy.persona(who) for who in ("open", "hidden", "named", "far", "nobody")),
]  # fmt: skip


def swarm() -> History:
    """`open` shares with its swarm, `hidden` with nobody, `named` with `far` of another swarm."""
    history = History().spawned("open", limits=SHARED).spawned("hidden").spawned("far", "other")
    history.spawned("named", limits=Limits(share_with=("persona:far",)))
    history.supposed("hidden", "secret", "h1", claim="hidden's claim", confidence=0.9)
    history.supposed("hidden", "shared-key", "h2", claim="hidden's words", confidence=0.9)
    history.supposed("open", "shared-key", "h3", claim="open's words", confidence=0.5)
    history.supposed("named", "named-key", "h4", claim="named's claim", confidence=0.6)
    history.supposed("hidden", "other", "h5", contradicts=("named-key",), claim="hidden's other")
    history.supposed("open", "second", "h6", claim="open's second", confidence=0.8)
    history.checked("hidden", "failed", "h6").checked("hidden", "passed", "h1", after=0.7)
    history.proposed("p", "hidden", title="hidden's proposal").proposed("q", "open")
    return history.claimed("open", "logs", secs=600).claimed("hidden", "disks", secs=1)


def believed(views: Views, reader: Reader) -> dict[str, Belief]:
    rows = views.ask(lambda cursor: beliefs.select(cursor, NOW, swarm_id="swarm"), reader)
    return {row.belief_key: row for row in rows}


def board(views: Views, reader: Reader) -> Board:
    return views.ask(lambda cursor: blackboard.select(cursor, "swarm", NOW, 50), reader)


MAY_KNOW = {
    "everything": {"secret", "shared-key", "named-key", "other", "second"},
    "public": {"shared-key", "second"},
    "nobody": set(),
    "persona:open": {"shared-key", "second"},
    "persona:hidden": {"secret", "shared-key", "other", "second"},
    "persona:named": {"shared-key", "named-key", "second"},
    "persona:far": {"named-key"},
    "persona:nobody": set(),
}


def test_each_reader_finds_the_beliefs_of_whom_it_may_read_and_no_trace_of_others(
    given: Given,
) -> None:
    views = given(swarm())
    assert {reader.name: believed(views, reader).keys() for reader in EVERYBODY} == MAY_KNOW
    for reader in EVERYBODY:
        if reader.name in ("everything", "persona:hidden"):
            continue
        told = repr((believed(views, reader), board(views, reader), looked_at(views, reader)))
        seen = told.replace(repr(board(views, reader).claims), "")
        assert "hidden" not in seen, reader
        assert belief_id("swarm", "secret") not in seen


def looked_at(views: Views, reader: Reader) -> list[str]:
    """Everything else a reader could be shown of it."""
    found = views.ask(lambda cursor: workspace.select(cursor, NOW, swarm_id="swarm"), reader)
    one = views.ask(lambda c: beliefs.one(c, belief_id("swarm", "secret"), NOW), reader)
    return [repr(found.top_beliefs), *found.top_uncertainties, repr(found.top_attention), repr(one)]


def test_one_key_is_one_belief_for_who_may_read_both_and_another_for_who_may_read_one(
    given: Given,
) -> None:
    views = given(swarm())
    whole, part = (believed(views, r)["shared-key"] for r in (EVERYTHING, PUBLIC))
    assert whole.belief_id == part.belief_id == belief_id("swarm", "shared-key")
    assert (whole.asserted_by, whole.confirmed_by, whole.contested_by) == ("hidden", ("open",), ())
    assert (part.asserted_by, part.confirmed_by, part.contested_by) == ("open", (), ())
    assert (part.claim, part.confidence) == ("open's words", 0.5)
    whole, part = (believed(views, r)["second"] for r in (EVERYTHING, PUBLIC))
    assert (whole.contested_by, part.contested_by) == (("hidden",), ())


def test_the_surest_come_first_and_one_can_be_asked_for(given: Given) -> None:
    views = given(swarm())
    found = views.ask(lambda cursor: beliefs.select(cursor, NOW), EVERYTHING)
    assert [row.confidence for row in found] == sorted((r.confidence for r in found), reverse=True)
    assert views.ask(lambda c: beliefs.one(c, found[0].belief_id, NOW), EVERYTHING) == found[0]
    assert views.ask(lambda c: beliefs.one(c, "none", NOW), EVERYTHING) is None


def test_what_is_believed_depends_on_no_clock_but_that_of_the_question(given: Given) -> None:
    views = given(swarm())
    first = believed(views, EVERYTHING)
    views.rebuild("beliefs")
    assert believed(views, EVERYTHING) == first


def test_of_many_settled_items_the_newest_are_kept(given: Given) -> None:
    history = History().spawned("a")
    for number in range(MOST_RESOLVED + 5):
        history.checked("a", "failed", f"h{number}").checked("a", "passed", f"h{number}")
    views = given(history.checked("a", "failed", "open"))
    found = views.ask(lambda cursor: attention.select(cursor, swarm_id="swarm"), EVERYTHING)
    assert len(found) == MOST_RESOLVED + 1
    ordered = attention.in_order(found)
    assert ordered[0].topic_tags == ("open",)
    assert ordered[1].topic_tags == (f"h{MOST_RESOLVED + 4}",)


def test_the_workspace_has_the_ten_that_matter_most_now_and_five_questions(given: Given) -> None:
    history = History().spawned("a", charter="\nWatch the logs.\nWell.").spawned("b").reaped("b")
    for number in range(12):
        history.supposed("a", f"k{number}", f"h{number}", confidence=0.3 + number / 100)
    history.checked("a", "failed", "h11").proposed("p", "a").executed("p", "failure")
    views = given(history)
    found = views.ask(lambda cursor: workspace.select(cursor, NOW), EVERYTHING)
    assert len(found.top_beliefs) == 10
    assert found.top_beliefs[0].belief_key == "k10"
    assert found.top_uncertainties == [f"[k{number}] c" for number in range(5)]
    assert [item.priority for item in found.top_attention] == [0.8, 0.5]
    assert found.active_objectives == ["Watch the logs."]
    assert found.updated_at == history.recorded[-1].event.occurred_at


def test_a_board_shows_what_its_reader_may_know_and_who_works_on_what(given: Given) -> None:
    views = given(swarm())
    whole, mine = board(views, EVERYTHING), board(views, privacy.persona("open"))
    assert [each.excerpt for each in whole.findings] == ["3 of 3"] * 2
    assert mine.findings == []
    assert {each.hypothesis_id for each in whole.questions} == {"h2", "h3", "h4", "h5"}
    assert {each.hypothesis_id for each in mine.questions} == {"h3", "h6"}
    assert [each.proposal_id for each in whole.decisions] == ["q", "p"]
    assert [each.proposal_id for each in mine.decisions] == ["q"]
    for seen in (whole, mine):
        assert [(claim.topic, claim.persona_id) for claim in seen.claims] == [("logs", "open")]


@pytest.mark.parametrize("end", ["released", "reaped"])
def test_a_claim_ends_with_its_release_and_with_its_holder(given: Given, end: str) -> None:
    history = swarm()
    views = given(history.released("open", "logs") if end == "released" else history.reaped("open"))
    assert board(views, EVERYTHING).claims == []


def test_a_thinker_is_shown_what_others_share_with_it_and_not_its_own(given: Given) -> None:
    views = given(swarm())
    shared = Blackboard(views, lambda: NOW)
    assert {memory.text for memory in shared.context("hidden", 5)} == {
        "open believes [second] open's second (0.55)",
        "hidden believes [shared-key] hidden's words (0.95)",
        "open asks [shared-key] open's words",
    }
    second, first = shared.context("named", 5)
    assert (second.tier, second.ref, second.score) == ("warm", "10", 0.8)
    assert first.text == "open believes [shared-key] open's words (0.50)"
    assert shared.context("open", 5) == []
    assert shared.context("nobody", 5) == ()
