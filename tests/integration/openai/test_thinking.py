"""A cycle with a real server: what is sent, what comes of it, and that nothing else is cited."""

import json

import pytest

from domain.thinking import Malformed, Memory, OpenHypothesis, ThinkResult
from services.cognition.openai.thinker import OpenAIThinker
from tests.integration.openai.conftest import KEY, Make
from tests.integration.openai.server import Server
from tests.unit.openai.asking import asked, asked_about, line, memory

LINES = [line(n, f"Failed password for root port {n}") for n in range(1, 40)]


def shown_to(server: Server, call: int = -1) -> set[str]:
    """Labels that stand in the last prompt."""
    told = json.loads(server.seen[call]["body"]["messages"][1]["content"])
    return {each["label"] for each in told.get("lines", []) + told.get("memories", [])}


async def supposed(thinker: OpenAIThinker) -> ThinkResult:
    await thinker.think(await thinker.fit(asked(lines=LINES)))
    return await thinker.think(await thinker.fit(asked("reflect", memories=[memory()])))


async def test_a_cycle_cites_the_lines_it_was_shown(server: Server, thinker: OpenAIThinker) -> None:
    observed = await thinker.think(await thinker.fit(asked(lines=LINES)))
    reflecting = await thinker.fit(asked("reflect", memories=[memory("21")]))
    reflected = await thinker.think(reflecting)
    (raised,) = reflected.hypotheses
    opened = OpenHypothesis(
        "H", raised.belief_key, raised.claim, raised.confidence, raised.evidence_refs
    )
    testing = await thinker.fit(asked("test", lines=LINES, hypotheses=[opened]))
    tested = await thinker.think(testing)
    (check,) = tested.checks

    assert "39 shown" in observed.content
    shown = {f"{each.position}#{each.number}" for each in reflecting.lines} | {"21"}
    assert set(raised.evidence_refs) <= shown
    assert (check.hypothesis_id, check.outcome) == ("H", "passed")
    assert set(check.evidence_refs) <= {f"{x.position}#{x.number}" for x in testing.lines}
    assert check.proposal and check.proposal.action
    assert check.proposal.action.tool == "notify"
    assert check.proposal.evidence_refs == check.evidence_refs


async def test_a_hypothesis_that_rests_on_a_memory_is_tested_with_it(
    server: Server, thinker: OpenAIThinker
) -> None:
    reflected = await thinker.think(
        await thinker.fit(asked("reflect", memories=[memory("21", "Odd.")]))
    )
    (raised,) = reflected.hypotheses
    opened = OpenHypothesis("H", "k", raised.claim, 0.6, raised.evidence_refs)

    testing = await thinker.fit(asked("test", hypotheses=[opened]))
    tested = await thinker.think(testing)

    assert raised.evidence_refs == ("21",)
    assert testing.memories == [Memory("21", "hot", "Odd.")]
    assert tested.checks[0].evidence_refs == ("21",)


async def test_lines_read_before_a_restart_are_shown_again(
    server: Server, thinker: OpenAIThinker
) -> None:
    await thinker.recall(asked(lines=LINES))

    fitted = await thinker.fit(asked("reflect"))

    assert sum(each.alike for each in fitted.lines) == len(LINES)
    thinker.forget("p")
    assert (await thinker.fit(asked("reflect"))).lines == []


async def test_a_question_is_answered(server: Server, thinker: OpenAIThinker) -> None:
    question = asked_about("Is it well?", memories=[memory("21")])
    result = await thinker.think(await thinker.fit(question))

    assert result.answer
    assert "Is it well?" in result.answer.text
    assert result.answer.evidence_refs == ("21",)
    assert result.content == result.answer.text


async def test_a_state_of_mind_is_a_thought(server: Server, thinker: OpenAIThinker) -> None:
    result = await thinker.think(await thinker.fit(asked("compress", known=["a-key"])))

    assert result.content == "1 known. No lines."


async def test_the_event_can_tell_who_thought_and_from_which_prompt(
    server: Server, thinker: OpenAIThinker
) -> None:
    request = await thinker.fit(asked(lines=LINES))
    first, second = await thinker.think(request), await thinker.think(request)

    assert first.thinker.source == "openai"
    assert first.thinker.model == "gpt-4o-2026-01-01"
    assert first.thinker.prompt_hash
    assert len(first.thinker.prompt_hash) == 64
    assert first.thinker == second.thinker
    assert first.finish_reason == "stop"


async def test_a_repair_is_told_what_was_wrong(server: Server, thinker: OpenAIThinker) -> None:
    request = asked(lines=LINES, repair=Malformed("{", "it: Invalid JSON"))

    await thinker.think(request)

    told = json.loads(server.seen[0]["body"]["messages"][1]["content"])
    assert told["repair"] == {"wrong": "it: Invalid JSON", "your_answer_began": "{"}


@pytest.mark.parametrize("structured", ["json_schema", "json_object", "text"])
async def test_every_way_to_ask_for_the_form_is_understood(
    server: Server, make: Make, structured: str
) -> None:
    result = await supposed(make(structured=structured))

    assert result.hypotheses
    form = server.seen[-1]["body"].get("response_format")
    assert (form or {}).get("type", "text") == structured
    if structured == "json_schema":
        schema = form["json_schema"]["schema"]
        assert form["json_schema"]["strict"] is True
        assert set(schema["$defs"]["Label"]["enum"]) == shown_to(server)


async def test_text_around_the_object_is_passed_over_where_only_words_can_ask(
    server: Server, make: Make
) -> None:
    server.next = ["fenced"]

    thinker = make(structured="text")

    assert "39 shown" in (await thinker.think(await thinker.fit(asked(lines=LINES)))).content


async def test_a_call_says_what_the_settings_say_and_nothing_of_the_environment(
    server: Server, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody-else")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    request = asked(lines=LINES)

    await make(temperature=0.5, max_tokens=99).think(request)
    await make(api_key=None, max_tokens_parameter="max_completion_tokens").think(request)

    first, second = server.seen
    assert first["headers"]["authorization"] == f"Bearer {KEY}"
    assert (first["body"]["model"], first["body"]["temperature"]) == ("gpt-4o", 0.5)
    assert first["body"]["max_tokens"] == 99
    assert "authorization" not in second["headers"]
    assert second["body"]["max_completion_tokens"] == 1_024
    assert {"max_tokens", "temperature"}.isdisjoint(second["body"])
    assert "somebody" not in json.dumps(server.seen)
