"""Questions and replies: what is one, what may answer what, and who may reply at all."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.asking import (
    MOST_CHARS,
    REPLY,
    asked_source,
    checked_question,
    is_question,
    is_reply,
    reply_title,
    says_question,
    tools_of,
    what_it_answers,
)
from domain.errors import InvalidInput
from domain.events import ObservationReceived
from domain.events.gate import Action

ANSWER = Action(tool=REPLY, target="q", arguments='{"answer":"a"}')
TOOLS = st.lists(st.sampled_from([REPLY, "notify", "file.append"]), max_size=2).map(tuple)


def asked() -> ObservationReceived:
    return ObservationReceived(
        event_id="q", occurred_at=datetime(2026, 8, 1, tzinfo=UTC), swarm_id="s", persona_id="p",
        actor="user:ann", correlation_id="c", source=asked_source("p"), content="Who?",
        line_count=1, first_line=0, offset=5,
    )  # fmt: skip


def test_only_what_is_asked_of_a_persona_is_a_question() -> None:
    assert is_question(asked_source("p"))
    assert not any(map(is_question, ("sshd", "-", "/var/log/ask:p", "Ask:p")))
    assert is_reply(ANSWER)
    assert not is_reply(ANSWER.model_copy(update={"tool": "notify"}))
    assert not is_reply(None)


@pytest.mark.parametrize("text", ["", " \n", "x" * (MOST_CHARS + 1)])
def test_a_question_says_something_and_has_an_end(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_question(text)
    assert refused.value.details == {"field": "question", "limit": MOST_CHARS, "actual": len(text)}


def test_a_reply_answers_a_question_that_was_put_to_its_persona() -> None:
    found = what_it_answers(ANSWER, "p", asked())
    assert (found.rule, found.passed) == ("question", True)
    assert found.reason == "it answers q, asked by user:ann"


def test_a_reply_to_what_was_never_asked_is_refused() -> None:
    found = what_it_answers(ANSWER, "p", None)
    assert (found.rule, found.passed) == ("question", False)
    assert found.reason == "q is no question that was put to p"


def test_a_persona_whose_limits_name_no_tool_may_reply_and_nothing_else() -> None:
    assert tools_of((), ()) == (REPLY,)
    assert tools_of((), [(), ("notify", REPLY), ()]) == (REPLY,)
    assert tools_of((), [(), ("notify",), (REPLY,)]) == ()


def test_tools_that_are_named_are_all_there_are() -> None:
    assert tools_of(("notify",), ()) == ("notify",)
    assert tools_of(("notify",), [(REPLY,)]) == ("notify",)


@given(lineage=st.lists(TOOLS, min_size=2, max_size=5))
def test_no_child_may_more_than_its_parent(lineage: list[tuple[str, ...]]) -> None:
    """Where a spawn is let through: the child names no tool that its parent does not."""
    own, *above = lineage
    if set(own) <= set(above[0]):
        assert set(tools_of(own, above)) <= set(tools_of(above[0], above[1:]))


def test_a_question_and_a_reply_say_no_answer() -> None:
    assert says_question(f"{asked_source('p')}: 1 line; Who?")
    replied = reply_title("persona:ann", "Who\nis it?")
    assert says_question(replied)
    assert says_question(f'success: {replied}; {{"answer":"Ann."}}')
    assert not says_question("Answer the door: somebody knocks")
