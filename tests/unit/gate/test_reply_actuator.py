"""The actuator of replies, and the rule on what a reply answers."""

from datetime import UTC, datetime

import pytest

from domain.asking import MOST_ANSWER_CHARS, asked_source
from domain.events import ObservationReceived, ProposalCreated
from domain.events.gate import Action
from domain.ports import Acted
from services.gate.actuators import actuators
from services.gate.reply_actuator import ReplyActuator
from services.gate.verifier import Case, verify
from services.settings import Settings, SettingsError, load

REPLY = ReplyActuator()
NOW = datetime(2026, 8, 1, tzinfo=UTC)
ENVELOPE = {
    "event_id": "q", "occurred_at": NOW, "swarm_id": "s", "persona_id": "ann",
    "actor": "user:eve", "correlation_id": "c",
}  # fmt: skip
QUESTION = ObservationReceived(
    **ENVELOPE, source=asked_source("ann"), content="Who?", line_count=1, first_line=0, offset=5
)


def case(question: ObservationReceived | None, tool: str = "reply") -> Case:
    action = Action(tool=tool, target="q", arguments='{"answer":"yes"}')
    created = ProposalCreated(
        **ENVELOPE, proposal_id="p", title="t", rationale="r", action=action, risk="low",
        evidence_refs=("1",),
    )  # fmt: skip
    settings = Settings()
    return Case(created, (), settings.gate.tools, actuators(settings), question)


def test_acting_is_handing_the_answer_over() -> None:
    acted = REPLY.act("q", {"answer": "yes,\nit is"}, "key")
    assert acted == Acted("success", {"answer": "yes,\nit is"})


def test_after_a_crash_it_is_handed_over_again_as_the_same() -> None:
    first = REPLY.act("q", {"answer": "yes"}, "key")
    assert REPLY.was_done("q", "key") is None
    assert REPLY.act("q", {"answer": "yes"}, "key") == first


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"answer": ""},
        {"answer": " \n"},
        {"answer": 1},
        {"answer": "a", "more": 1},
        {"answer": "x" * (MOST_ANSWER_CHARS + 1)},
    ],
)
def test_what_is_no_answer_is_refused_and_never_handed_over(arguments: dict[str, object]) -> None:
    assert REPLY.refusal("q", arguments)
    assert REPLY.act("q", arguments, "key").outcome == "failure"


def test_the_longest_answer_is_taken() -> None:
    assert REPLY.refusal("q", {"answer": "x" * MOST_ANSWER_CHARS}) is None


def test_a_reply_is_verified_against_its_question() -> None:
    findings, risk = verify(case(QUESTION))
    assert all(finding.passed for finding in findings)
    assert ("question", "it answers q, asked by user:eve") in {(f.rule, f.reason) for f in findings}
    assert risk == "low"


def test_a_reply_to_nothing_fails_that_one_rule() -> None:
    [failed] = [finding for finding in verify(case(None))[0] if not finding.passed]
    assert (failed.rule, failed.reason) == ("question", "q is no question that was put to ann")


def test_other_tools_answer_nothing() -> None:
    assert "question" not in {finding.rule for finding in verify(case(None, "notify"))[0]}


@pytest.mark.parametrize(
    "tools",
    [{"reply": {"actuator": "file"}}, {"say": {"actuator": "reply"}}, {"reply": {}}],
)
def test_the_tool_that_replies_and_no_other_hands_answers_over(tools: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match='has actuator "reply"'):
        load(gate={"tools": tools})
