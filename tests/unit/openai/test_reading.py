"""An answer is taken as it was asked for, or not at all; nothing is cited that was not shown."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events.gate import Action
from domain.thinking import Answer, Proposed, Supposed, ThinkRequest, ThinkResult
from services.cognition.openai.reading import Fault, object_in, read
from services.cognition.openai.shown import label
from tests.unit.openai.asking import FREE, MODEL, asked, asked_about, hypothesis, line, memory

LINES = [line(0), line(1)]
REFLECTING = asked("reflect", lines=LINES, memories=[memory("21")])
TESTING = asked("test", lines=LINES, hypotheses=[hypothesis("H", ["7#0"], "a-key")])
SUPPOSED = {
    "claim": "Ada works at night.",
    "belief_key": "Ada works",
    "confidence": 0.7,
    "evidence": ["e1", "e3", "e1"],
}
PROPOSAL = {
    "title": "Tell\nof it",
    "rationale": "It matters.",
    "risk": "low",
    "tool": "notify",
    "target": "operator",
    "arguments": '{"line": "b", "at": 1}',
    "evidence": ["e2"],
}
CHECK = {
    "hypothesis": "h1",
    "outcome": "passed",
    "confidence_after": 0.9,
    "excerpt": "2 of 2 lines.",
    "evidence": ["e1"],
    "proposal": PROPOSAL,
}


def taken(answer: Any, request: ThinkRequest) -> ThinkResult:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return read(text, request, label(request, ["notify"]), MODEL, FREE)


def reflected(**changes: Any) -> dict[str, Any]:
    return {"thought": "T.", "impact": 0.5, "hypotheses": [SUPPOSED | changes]}


def a_check(proposal: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    check = CHECK | ({"proposal": PROPOSAL | proposal} if proposal else {}) | changes
    return {"thought": "T.", "impact": 0.5, "checks": [check]}


def test_an_observation_is_a_thought_and_what_it_matters() -> None:
    result = taken({"thought": " Quiet. ", "impact": 1}, asked(lines=LINES))

    assert (result.content, result.impact, result.thinker) == ("Quiet.", 1.0, MODEL)


def test_a_hypothesis_cites_what_its_labels_stand_for() -> None:
    result = taken(reflected(), REFLECTING)

    assert result.hypotheses == [
        Supposed("ada-works", "Ada works at night.", 0.7, ("7#0", "21"))
    ]  # fmt: skip


def test_a_check_that_passed_brings_its_proposal_in_canonical_form() -> None:
    (check,) = taken(a_check(), TESTING).checks

    assert (check.hypothesis_id, check.outcome, check.evidence_refs) == ("H", "passed", ("7#0",))
    assert check.spec == {"model": "m", "shown": ["7#0"]}
    assert check.proposal == Proposed(
        "Tell of it",
        "It matters.",
        Action(tool="notify", target="operator", arguments='{"at":1,"line":"b"}'),
        "low",
        ("7#1",),
    )


def test_arguments_given_as_an_object_are_taken_for_what_they_say() -> None:
    (check,) = taken(a_check({"arguments": {"line": "b"}}), TESTING).checks

    assert check.proposal and check.proposal.action
    assert check.proposal.action.arguments == '{"line":"b"}'


def test_what_was_a_fact_before_is_not_proposed_upon_again() -> None:
    known = asked("test", lines=LINES, hypotheses=TESTING.hypotheses, known={"a-key"})

    assert taken(a_check(), known).checks[0].proposal is None


def test_a_question_is_answered_with_what_that_rests_on() -> None:
    request = asked_about(lines=LINES)

    result = taken({"answer": "Nothing.", "evidence": ["e2"]}, request)

    assert (result.content, result.answer) == ("Nothing.", Answer("Nothing.", ("7#1",)))
    assert taken({"answer": "I can't tell.", "evidence": []}, request).answer


@pytest.mark.parametrize(
    ("answer", "request_", "fault"),
    [
        (reflected(evidence=["e9"]), REFLECTING, "hypotheses.0.evidence.0: 'e9' is no label"),
        (reflected(evidence=["7#0"]), REFLECTING, "'7#0' is no label"),
        (reflected(evidence=[]), REFLECTING, "at least 1 item"),
        (reflected(confidence=70), REFLECTING, "confidence: must be between 0 and 1"),
        (reflected(confidence=-0.1), REFLECTING, "between 0 and 1"),
        (reflected(confidence="0.7"), REFLECTING, "valid number"),
        (reflected(confidence=True), REFLECTING, "valid number"),
        (reflected(belief_key="  "), REFLECTING, "belief_key must be 1 to 128"),
        (reflected(belief_key="x" * 129), REFLECTING, "belief_key must be 1 to 128"),
        (reflected(claim=""), REFLECTING, "claim: must not be empty"),
        (reflected(claim="x" * 16_001), REFLECTING, "at most 16000"),
        (reflected(mood="good"), REFLECTING, "mood: Extra inputs"),
        ({"thought": "T.", "impact": 0.5}, REFLECTING, "hypotheses: Field required"),
        (
            {"thought": "T.", "impact": 0, "hypotheses": [SUPPOSED] * 17},
            REFLECTING,
            "at most 16 items",
        ),
        (a_check(hypothesis="h2"), TESTING, "'h2' is no label of a hypothesis"),
        (a_check(hypothesis="H"), TESTING, "'H' is no label of a hypothesis"),
        (a_check(outcome="maybe"), TESTING, "'passed', 'failed' or 'inconclusive'"),
        (a_check(evidence=[]), TESTING, "what passed must name what shows it"),
        (a_check({"tool": "file.append"}), TESTING, "'file.append' is no tool it may"),
        (a_check({"risk": "none"}), TESTING, "'low', 'medium', 'high' or 'critical'"),
        (a_check({"title": "x" * 501}), TESTING, "title: must have at most 500"),
        (a_check({"arguments": json.dumps({"a": "x" * 16_000})}), TESTING, "at most 16000"),
        (a_check({"target": "a\nb"}), TESTING, "target: must be printable"),
        (a_check({"target": "x" * 513}), TESTING, "target: must be printable"),
        (a_check({"arguments": "[1]"}), TESTING, "must be a JSON object"),
        (a_check({"arguments": '{"a": NaN}'}), TESTING, "must be a JSON object"),
        (a_check({"arguments": '{"a": 9007199254740993}'}), TESTING, "must be a JSON object"),
        (a_check({"arguments": "[" * 9_999}), TESTING, "must be a JSON object"),
        (a_check({"evidence": ["e9"]}), TESTING, "proposal.evidence.0: 'e9' is no label"),
        ({"thought": "T.", "impact": 0, "checks": [CHECK, CHECK]}, TESTING, "more than one of h1"),
        ("null", TESTING, "Input should be an object"),
        ('{"thought": "\\ud800", "impact": 0}', asked(), "Invalid JSON"),
        ('{"thought": "\ud800", "impact": 0}', asked(), "unicode"),
        ('{"thought": "T.", "impact": NaN}', asked(), "between 0 and 1"),
        ('{"thought": "T."', asked(), "Invalid JSON: EOF"),
        ('{"thought": "T.", "impact": 0} or so', asked(), "trailing characters"),
    ],
)
def test_an_answer_otherwise_than_asked_for_is_refused_by_what_is_wrong(
    answer: Any, request_: ThinkRequest, fault: str
) -> None:
    with pytest.raises(Fault) as wrong:
        taken(answer, request_)

    assert fault in str(wrong.value)
    assert len(str(wrong.value)) < 500


def test_many_faults_are_told_by_the_first_and_their_number() -> None:
    with pytest.raises(Fault, match="and 7 more"):
        taken({"a" * 999: 1, **{str(n): n for n in range(7)}}, asked())


@given(st.lists(st.text(max_size=5) | st.sampled_from(["e0", "e1", "e2", "e3", "e01", "E1"])))
def test_no_reference_is_passed_on_that_was_not_shown(labels: list[str]) -> None:
    try:
        result = taken(reflected(evidence=labels), REFLECTING)
    except Fault:
        assert not labels or set(labels) - {"e1", "e2", "e3"}
    else:
        assert set(result.hypotheses[0].evidence_refs) <= {"7#0", "7#1", "21"}


@pytest.mark.parametrize(
    "text",
    [
        '<think>{"c": 1} or {d}?</think>Set {x}: {"a": {"b": "}"}}',
        '{"a": {"b": "}"}}',
        'Sure!\n```json\n{"a": {"b": "}"}}\n```\nMore?',
        '{"a": {"b": "}"}} {}',
    ],
)
def test_the_object_within_a_text_is_found(text: str) -> None:
    assert json.loads(object_in(text)) == {"a": {"b": "}"}}


@pytest.mark.parametrize("text", ["", "no", '{"a": ', "{" * 9_999])
def test_a_text_without_an_object_says_so(text: str) -> None:
    with pytest.raises(Fault, match="JSON object"):
        object_in(text)
