"""Whatever one agent says, the beliefs, attention and questions of all others stay in sight."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.attention import Item
from domain.belief import Belief, belief_id
from domain.limits import Limits
from projections import attention, beliefs, blackboard, work, workspace
from projections.beliefs import MOST_OF_ONE, MOST_WORDS
from projections.privacy import EVERYTHING, PUBLIC, Reader
from projections.workspace import Workspace
from services.api.models import belief as told
from services.api.models.blackboard import board as told_board
from services.views import Views
from tests.unit.projections.given import ACTION, NOON, History

Given = Callable[[History], Views]
SHARED = Limits(share_memory=True)
LATER = NOON + timedelta(hours=9)


def believed(views: Views, reader: Reader = EVERYTHING, swarm: str | None = None) -> list[Belief]:
    return views.ask(lambda cursor: beliefs.select(cursor, LATER, swarm_id=swarm), reader)


def alone(views: Views, wanted: str) -> Belief | None:
    return views.ask(lambda cursor: beliefs.one(cursor, wanted, LATER), EVERYTHING)


def in_view(views: Views, reader: Reader, swarm: str | None = None) -> Workspace:
    return views.ask(lambda cursor: workspace.select(cursor, LATER, swarm_id=swarm), reader)


def looked_at(views: Views, reader: Reader) -> list[Item]:
    known = believed(views, reader)
    return views.ask(lambda cursor: workspace.look_at(cursor, known, LATER), reader)


def asked(views: Views, swarm: str = "swarm") -> list[tuple[str, str]]:
    found = views.ask(lambda cursor: beliefs.questions(cursor, swarm, 50), EVERYTHING)
    return [(question.persona_id, question.hypothesis_id) for question in found]


def test_a_question_is_settled_by_no_check_of_another_swarm(given: Given) -> None:
    history = History().spawned("a").spawned("far", "other").supposed("a", "k", "h1")
    assert asked(given(history.checked("far", "passed", "h1"))) == [("a", "h1")]


def test_who_raised_an_id_as_well_settles_its_own_question_only(given: Given) -> None:
    history = History().spawned("a").spawned("b").spawned("c")
    history.supposed("a", "one", "h1").supposed("b", "two", "h1").checked("b", "passed", "h1")
    views = given(history)
    assert asked(views) == [("a", "h1")]
    assert {each.belief_key: each.confirmed_by for each in believed(views)}["one"] == ()


def test_who_raised_no_such_id_settles_the_question_of_whoever_did(given: Given) -> None:
    history = History().spawned("a").spawned("b").supposed("a", "k", "h1")
    assert asked(given(history.checked("b", "failed", "h1"))) == []


def test_a_belief_asked_for_alone_is_what_it_is_among_all(given: Given) -> None:
    history = History().spawned("a").spawned("b")
    history.supposed("a", "one", "h1", confidence=0.8).supposed("b", "two", "h1")
    views = given(history.checked("b", "failed", "h1").checked("a", "passed", "h1", after=0.9))
    assert [alone(views, each.belief_id) for each in believed(views)] == believed(views)


@pytest.mark.parametrize("flooders", [1, MOST_WORDS // MOST_OF_ONE + 1])
def test_who_says_very_much_puts_nobody_else_out_of_sight(given: Given, flooders: int) -> None:
    history = History().spawned("quiet", limits=SHARED).supposed("quiet", "quiet-key", "q")
    for number in range(flooders):
        history.spawned(f"loud{number}", limits=SHARED)
    for number in range(MOST_WORDS // flooders + 1):
        for who in range(flooders):
            history.supposed(f"loud{who}", f"{who}-{number}", f"{who}-{number}", confidence=0.1)
    views = given(history)
    for reader in (EVERYTHING, PUBLIC):
        for swarm in (None, "swarm"):
            found = believed(views, reader, swarm)
            assert len(found) == min(MOST_WORDS, 1 + flooders * MOST_OF_ONE)
            quiet = next(each for each in found if each.asserted_by == "quiet")
            assert quiet.belief_id in {item.source_id for item in looked_at(views, reader)}
            newest = {each.belief_key for each in found if each.asserted_by == "loud0"}
            assert f"0-{MOST_WORDS // flooders}" in newest
            assert quiet in in_view(views, reader, swarm).top_beliefs


ODD_TEXT = {
    "empty": "",
    "nul": "a\0b",
    "controls": "\x01\x7f\u2028\ufffe\uffff",
    "quoted": "'\"\\{}%s%(x)s",
    "astral": "\U0001f600" * 100_000,
}
ODD_NUMBERS = [5e-324, 1e308, -1e308, float("inf"), float("nan"), -0.0]


def odd() -> History:
    """Values that an event holds, whatever a command would say to them."""
    history = History().spawned("a", limits=SHARED).spawned("b", limits=SHARED)
    for name, text in ODD_TEXT.items():
        key, many = text[:30_000], tuple(f"{number}#0" for number in range(5_000))
        history.supposed("a", key, name, claim=text, evidence_refs=(text[:99],))
        history.supposed("b", name, f"other-{name}", contradicts=(key, *many), evidence_refs=many)
        history.checked("b", "failed", name, excerpt=text, check_id=text[:128])
        history.claimed("a", text[:128])
        history.proposed(name, "a", title=text, action=ACTION.model_copy(update={"target": key}))
        history.rejected(name, "deadline")
    for number, share in enumerate(ODD_NUMBERS):
        history.supposed("a", f"n{number}", f"n{number}", confidence=share)
        history.checked("a", "passed", f"n{number}", after=share)
    return history


@pytest.mark.parametrize("reader", [EVERYTHING, PUBLIC], ids=lambda reader: reader.name)
def test_no_value_of_an_event_stops_these_views_or_who_asks_them(
    given: Given, reader: Reader
) -> None:
    views = given(odd())
    ours = {view.VIEW.name for view in (beliefs, attention, work)}
    assert [problem for problem in views.problems() if problem.view in ours] == []
    found = {each.belief_key: each for each in believed(views, reader)}
    for text in ODD_TEXT.values():
        each = found[text[:30_000]]
        assert (each.claim, each.contested_by) == (text[:1_000], ("b",))
        assert each.belief_id == belief_id("swarm", each.belief_key)
    assert all(0.04 < each.confidence < 0.96 for each in found.values())
    items = looked_at(views, reader)
    topics = {item.topic for item in items if item.source_type == "failed_check"}
    assert topics == {text[:200].replace("\0", "\ufffd") for text in ODD_TEXT.values()}
    board = views.ask(lambda c: blackboard.select(c, "swarm", NOON, 500), reader)
    assert {claim.topic for claim in board.claims} == {text[:128] for text in ODD_TEXT.values()}
    for answer in (
        told.workspace(in_view(views, reader)),
        told_board(board),
        *map(told.attention, items),
    ):
        assert answer.model_dump_json()
