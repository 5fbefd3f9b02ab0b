"""A persona that is asked answers from its memory by a proposal, whatever else it is at."""

import json
from collections.abc import Callable

import pytest

from domain.asking import REPLY, says_question
from domain.events import (
    ObservationReceived,
    ProposalCreated,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.thinking import Answer, ThinkRequest, ThinkResult
from projections.privacy import EVERYTHING
from services.app import App
from services.commands import asking
from services.inputs.lines import batches_of
from services.store.mapper import to_recorded
from tests.integration.cognition.conftest import Running, observe, rested
from tests.integration.cognition.test_loop import events, spawn, until
from tests.integration.cognition.thinkers import Failing, Interrupted, Metered

ROOT = "root-thinker"


def ask(app: App, question: str, persona_id: str = ROOT) -> ObservationReceived:
    """Store a question to a persona; return its event."""
    context = app.executor.context("user:ada")
    [batch] = batches_of(question.encode())
    done = app.executor.run(context, lambda unit: asking.ask(unit, persona_id, batch))
    [stored] = app.recorder.read_positions([done.position])
    event = to_recorded(stored).event
    assert isinstance(event, ObservationReceived)
    return event


def replies(app: App, persona_id: str = ROOT) -> list[ProposalCreated]:
    proposals = events(app, ProposalCreated, persona_id)
    return [each for each in proposals if each.action and each.action.tool == REPLY]


class Wise(Metered):
    """Answers every question with what it was reminded of."""

    def answer(self, request: ThinkRequest) -> ThinkResult:
        result = super().answer(request)
        if request.question is None:
            return result
        refs = tuple(memory.ref for memory in request.memories)
        return ThinkResult(
            "I think", result.thinker, result.usage, answer=Answer(request.question.text, refs)
        )


async def test_the_answer_is_a_proposal_that_cites_the_question_and_memories(
    running: Running,
) -> None:
    async with running(Wise()) as app:
        await rested(app, observe(app, "one\n"))
        asked = ask(app, "what did you see?")
        await until(lambda: replies(app))

        [reply] = replies(app)
        [thought] = [t for t in events(app, ThoughtGenerated) if t.content == "I think"]
        assert reply.action
        assert reply.action.target == asked.event_id
        assert json.loads(reply.action.arguments) == {"answer": "what did you see?"}
        assert (reply.risk, reply.title) == ("low", "Answer user:ada: what did you see?")
        shown = {each.ref: each.tier for each in thought.context_refs}
        assert set(reply.evidence_refs) == set(shown)
        assert shown[reply.evidence_refs[0]] == "question"
        assert {"hot", "question"} <= set(shown.values())
        assert (thought.phase, thought.correlation_id) == ("reflect", asked.correlation_id)


async def test_what_was_asked_before_answers_nothing(running: Running) -> None:
    async with running(Wise()) as app:
        await rested(app, observe(app, "one\n"))
        ask(app, "who guessed passwords?")
        await until(lambda: len(replies(app)) == 1)
        app.views.catch_up()
        found = app.search.find(EVERYTHING, "who guessed passwords?").hits
        before = {hit.memory.ref for hit in found if says_question(hit.memory.text)}
        assert len(before) == 2, "the question and the reply are remembered"
        ask(app, "who guessed passwords?")
        await until(lambda: len(replies(app)) == 2)
        assert before.isdisjoint(replies(app)[1].evidence_refs)


async def test_what_counts_answers_the_same_question_however_often_it_is_asked(
    running: Running,
) -> None:
    async with running() as app:
        await rested(app, observe(app, "sshd: Failed password from 192.0.2.7\n" * 30))
        answers = []
        for count in range(1, 5):
            ask(app, "who failed a password?")

            def is_answered(count: int = count) -> bool:
                return len(replies(app)) == count

            await until(is_answered)
            app.views.catch_up()
            action = replies(app)[-1].action
            answers.append(json.loads(action.arguments)["answer"] if action else "")
        assert "192.0.2.7" in answers[0]
        assert not any("who failed" in answer for answer in answers)
        assert all("192.0.2.7" in answer for answer in answers)


async def test_a_question_leaves_the_cycle_where_it_was_and_is_no_input(running: Running) -> None:
    async with running(Wise()) as app:
        position = observe(app, "one\n")
        ask(app, "and?")
        await until(lambda: replies(app))
        await rested(app, position)

        own = [t for t in events(app, ThoughtGenerated, ROOT) if t.content != "I think"]
        assert [t.phase for t in own] == ["observe", "reflect", "compress"]
        assert [c.ref for c in own[0].context_refs] == [f"{position}#0"]


async def test_each_question_is_answered_once_in_order_also_after_a_restart(
    running: Running,
) -> None:
    async with running(Wise()) as app:
        asked = [ask(app, f"question {n}") for n in range(3)]
        await until(lambda: len(replies(app)) == 3)
        observe(app, "one\n")
        await until(lambda: len(events(app, SnapshotCompressed, ROOT)) >= 1)
        await app.loop.stop()
        asked.append(ask(app, "asked while nobody thought"))
    async with running(Wise()) as app:
        await until(lambda: len(replies(app)) == 4)
        await rested(app, observe(app, "two\n"))

        targets = [each.action.target for each in replies(app) if each.action]
        assert targets == [each.event_id for each in asked]


async def test_only_the_persona_that_is_asked_answers(running: Running) -> None:
    async with running(Wise()) as app:
        spawn(app, "other")
        ask(app, "who are you?", "other")
        await until(lambda: replies(app, "other"))

        assert len(events(app, ThoughtGenerated)) == 1
        assert replies(app) == []


async def test_who_can_not_think_of_an_answer_says_so(running: Running) -> None:
    async with running(Failing(ROOT)) as app:
        ask(app, "what is wrong?")
        await until(lambda: replies(app), 30)

        [reply] = replies(app)
        assert reply.action
        told = json.loads(reply.action.arguments)["answer"]
        assert told == "No answer: ConnectionError: the model is away"


async def test_a_question_that_comes_in_mid_thought_waits_for_its_end(running: Running) -> None:
    asks: list[Callable[[], object]] = []
    thinker = Interrupted("reflect", lambda: asks.pop()() if asks else None)
    async with running(thinker) as app:
        asks.append(lambda: ask(app, "now?"))
        await rested(app, observe(app, "one\n"))
        await until(lambda: any(r.question for r in thinker.requests))

        assert [r.question is not None for r in thinker.requests if r.phase == "reflect"] == [
            False,
            True,
        ]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("who failed to log in?", "10.9.8.7"),
        ("what is the weather like?", "Nothing I remember speaks of that."),
    ],
)
async def test_the_statistical_thinker_answers_in_the_words_of_its_memories(
    running: Running, question: str, told: str
) -> None:
    async with running(memory={"embedder": "hashing"}) as app:
        bad = "Nov 23 10:00:00 host app[1]: login failed for user bob from 10.9.8.7\n"
        await rested(app, observe(app, bad * 30))
        ask(app, question)
        await until(lambda: replies(app))

        [reply] = replies(app)
        assert reply.action
        assert told in json.loads(reply.action.arguments)["answer"]
        assert (len(reply.evidence_refs) > 1) == ("10.9.8.7" in told)
