"""Whatever a server does, a thinker says what went wrong and whether anything was used."""

import asyncio
import tracemalloc
from dataclasses import replace

import pytest

from domain.events.cognition import Usage
from domain.limits import Limits
from domain.thinking import Malformed, ThinkRequest, Unanswered
from services.cognition.openai.body import MOST_BYTES
from services.cognition.openai.endpoint import Endpoint
from services.cognition.openai.thinker import OpenAIThinker
from tests.integration.openai.conftest import KEY, Make
from tests.integration.openai.server import Server
from tests.unit.openai.asking import asked, asked_about, hypothesis, line

LINES = [line(n, f"Failed password for root port {n}") for n in range(1, 9)]
OBSERVING = asked(lines=LINES)
REFLECTING = asked("reflect", lines=LINES)
TESTING = asked("test", lines=LINES, hypotheses=[hypothesis("H", ["7#1-8"])])


async def fault_of(thinker: OpenAIThinker, request: ThinkRequest) -> Unanswered | Malformed:
    with pytest.raises((Unanswered, Malformed)) as wrong:
        await thinker.think(await thinker.fit(request))
    fault = wrong.value
    assert isinstance(fault, Unanswered | Malformed)
    assert "\n" not in str(fault)
    assert len(str(fault)) < 500
    return fault


@pytest.mark.parametrize(
    ("fault", "request_", "told"),
    [
        ("truncated", OBSERVING, "cut off, too long"),
        ("broken-json", OBSERVING, "Invalid JSON: EOF"),
        ("wrong-types", OBSERVING, "thought: Input should be a valid string; impact: "),
        ("out-of-range", OBSERVING, "impact: must be between 0 and 1"),
        ("more-fields", OBSERVING, "mood: Extra inputs"),
        ("invented", REFLECTING, "'e400' is no label of anything shown"),
        ("invented", TESTING, "'e400' is no label of anything shown"),
        ("invented", asked_about(lines=LINES), "'e400' is no label of anything shown"),
        ("foreign-tool", TESTING, "'file.append' is no tool it may propose"),
        ("fenced", OBSERVING, "Invalid JSON"),
        ("empty", OBSERVING, "it is empty"),
        ("calls-tool", OBSERVING, "it calls a tool"),
    ],
)
async def test_an_answer_otherwise_than_asked_for_is_malformed_and_paid_for(
    server: Server, thinker: OpenAIThinker, fault: str, request_: ThinkRequest, told: str
) -> None:
    server.next = [fault]

    wrong = await fault_of(thinker, request_)

    assert isinstance(wrong, Malformed)
    assert told in wrong.fault
    used = server.seen[0]["usage"]
    assert wrong.usage is not None
    assert wrong.usage.prompt_tokens == used["prompt_tokens"]
    assert wrong.usage.completion_tokens == used["completion_tokens"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [("refusal", "the model refuses: I can't help"), ("filtered", "withheld the answer")],
)
async def test_a_refusal_is_no_answer_and_asking_again_is_no_use(
    server: Server, thinker: OpenAIThinker, fault: str, told: str
) -> None:
    server.next = [fault]

    wrong = await fault_of(thinker, OBSERVING)

    assert isinstance(wrong, Unanswered)
    assert told in str(wrong)
    assert not wrong.retryable
    assert wrong.usage and wrong.usage.prompt_tokens


@pytest.mark.parametrize(
    ("fault", "told", "used", "retryable"),
    [
        ("429-silent", "status 429: Rate limit reached", False, True),
        ("quota", "status 429: You exceeded your current quota", False, False),
        ("400", 'response_format json_schema; set structured = "json_object" or', False, False),
        ("400-limit", "parameter: 'max_tokens'; set max_tokens_parameter", False, False),
        ("401", "Incorrect API key provided: ***; check api_key", False, False),
        ("404", "The model does not exist; check base_url and model", False, False),
        ("redirect", "status 307; check base_url", False, False),
        ("500", "status 500: The server had an error", True, True),
        ("503", "status 503: Overloaded", True, True),
        ("not-json", "sent no JSON: '<html><body>Log in", True, True),
        ("not-json-said", "sent no JSON: '<html>'", True, True),
        ("not-completion", 'sent no chat completion: \'{"hello"', True, True),
        ("no-choices", "sent no chat completion", True, True),
        ("nested", "sent no JSON: '[[[", True, True),
        ("echo", "Bearer ***", True, True),
        ("echo-late", 'sent no chat completion: \'{"padding"', True, True),
        ("error-as-200", "sent an error as if all were well", True, True),
        ("reset", "the connection broke", True, True),
        ("cut-off", "the connection broke: peer closed connection", True, True),
        ("huge", "longer than 1,048,576 bytes", True, False),
        ("bomb", "packed ('gzip')", True, False),
        ("endless-body", "longer than 1,048,576 bytes", True, False),
        ("endless-error", "longer than 1,048,576 bytes", True, False),
        ("endless-stream", "longer than 1,048,576 bytes", True, False),
    ],
)
async def test_no_answer_is_told_by_its_cause_and_by_whether_anything_was_used(
    server: Server, thinker: OpenAIThinker, fault: str, told: str, used: bool, retryable: bool
) -> None:
    server.next = [fault]

    wrong = await fault_of(thinker, OBSERVING)

    assert isinstance(wrong, Unanswered)
    assert told in str(wrong)
    assert str(wrong).startswith(server.url)
    assert KEY[:5] not in str(wrong)
    assert wrong.retryable is retryable
    assert (wrong.usage is None) is used
    assert len(server.seen) == 1  # one call a think, whatever becomes of it
    assert (await thinker.think(await thinker.fit(OBSERVING))).content


@pytest.mark.parametrize("fault", ["hang", "hang-in-body", "drip"])
async def test_a_call_ends_with_its_time_however_the_server_drags_it_out(
    server: Server, make: Make, fault: str
) -> None:
    thinker = make(timeout_secs=0.3)
    server.next = [fault]

    wrong = await fault_of(thinker, OBSERVING)

    assert isinstance(wrong, Unanswered)
    assert "no answer within 0.3 s" in str(wrong)
    assert (wrong.usage, wrong.retryable) == (None, True)


async def test_a_call_takes_no_longer_than_its_policy_pays_for(
    server: Server, thinker: OpenAIThinker
) -> None:
    request = replace(OBSERVING, limits=Limits(compute_ms_per_minute=400))
    server.next = ["hang"]

    wrong = await fault_of(thinker, request)

    assert "no answer within 0.36 s" in str(wrong)
    assert thinker.worst_case(await thinker.fit(request)).cpu_ms == 400


async def test_a_server_that_is_away_costs_nothing(make: Make, endpoint: Endpoint) -> None:
    thinker = make(base_url="http://127.0.0.1:9/v1")

    wrong = await fault_of(thinker, OBSERVING)

    assert isinstance(wrong, Unanswered)
    assert "http://127.0.0.1:9/v1: can't be reached" in str(wrong)
    assert wrong.usage is not None
    assert (wrong.usage.tokens, wrong.retryable) == (0, True)


async def test_an_endless_body_takes_no_more_memory_than_an_answer_may(
    server: Server, thinker: OpenAIThinker
) -> None:
    await thinker.think(await thinker.fit(OBSERVING))
    server.next = ["endless-body"]
    tracemalloc.start()
    try:
        await fault_of(thinker, OBSERVING)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 8 * MOST_BYTES


async def test_too_little_room_is_no_call_and_costs_nothing(
    server: Server, thinker: OpenAIThinker
) -> None:
    request = await thinker.fit(asked(lines=LINES, room=2_000))

    wrong = await fault_of(thinker, request)

    assert isinstance(wrong, Unanswered)
    assert "and may have 2,000: raise its token_budget_per_minute" in str(wrong)
    assert (wrong.usage, wrong.retryable) == (Usage(), False)
    assert thinker.worst_case(request).tokens == 0
    assert server.seen == []


async def test_who_hangs_up_leaves_the_thinker_as_it_was(
    server: Server, thinker: OpenAIThinker, endpoint: Endpoint
) -> None:
    server.next = ["hang"]
    request = await thinker.fit(OBSERVING)

    async def ask() -> None:
        async with thinker.turn():
            await thinker.think(request)

    asking = asyncio.create_task(ask())
    while not server.seen:
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert endpoint.state.state == "closed"
    assert (await thinker.think(request)).content
