"""A question is answered by what is known, not by how much is remembered."""

from dataclasses import replace

from domain.mind import inherited_line
from domain.thinking import Memory, Question
from services.cognition.statistical.answering import answered
from tests.unit.cognition.scripted import REQUEST


def test_that_a_child_was_answers_nothing_its_facts_do() -> None:
    fact = "[failing-source-192.0.2.7] 192.0.2.7 failed 60 times with 'Failed password' (0.95)"
    child = inherited_line("watch-failed-password", "s-1", "1 facts, 5 decisions. 60 in all.")
    memory = Memory("134", "cold", "2 thoughts.", facts=(child, fact))
    question = Question("q", 140, "Who guessed passwords?", "user:ann")

    result = answered(replace(REQUEST, phase="reflect", memories=[memory], question=question))
    assert result.answer
    assert result.answer.text == f"{fact} [134]"
