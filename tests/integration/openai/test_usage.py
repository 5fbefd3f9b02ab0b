"""What a call cost is told to the token; what it may cost is known before."""

import pytest

from domain.thinking import Unanswered
from services.cognition.openai.endpoint import Endpoint
from services.cognition.openai.thinker import OpenAIThinker
from tests.integration.openai.conftest import Make
from tests.integration.openai.server import Server
from tests.unit.openai.asking import asked, line

REQUEST = asked(lines=[line(n, f"Failed password for root port {n}") for n in range(1, 9)])


async def test_usage_is_that_of_the_server_to_the_token(
    server: Server, thinker: OpenAIThinker
) -> None:
    usage = (await thinker.think(await thinker.fit(REQUEST))).usage

    used = server.seen[0]["usage"]
    assert usage.prompt_tokens == used["prompt_tokens"]
    assert usage.completion_tokens == used["completion_tokens"]
    assert 0 <= usage.cpu_ms <= thinker.worst_case(REQUEST).cpu_ms


async def test_no_call_uses_more_than_its_worst_case(
    server: Server, thinker: OpenAIThinker
) -> None:
    for phase in ("observe", "reflect", "test", "compress"):
        request = await thinker.fit(asked(phase, lines=REQUEST.lines))
        need = thinker.worst_case(request)
        assert (await thinker.think(request)).usage.tokens <= need.tokens
        assert need.tokens <= request.room_bytes + 2 * 16 + 1_024


@pytest.mark.parametrize("fault", ["no-usage", "negative-usage"])
async def test_what_is_not_told_counts_as_all_that_was_reserved(
    server: Server, thinker: OpenAIThinker, fault: str
) -> None:
    server.next = [fault]
    request = await thinker.fit(REQUEST)

    usage = (await thinker.think(request)).usage

    assert usage.tokens == thinker.worst_case(request).tokens
    assert usage.completion_tokens == 1_024


async def test_tokens_told_only_in_the_total_count_as_written(
    server: Server, thinker: OpenAIThinker
) -> None:
    server.next = ["hidden-usage"]

    usage = (await thinker.think(await thinker.fit(REQUEST))).usage

    assert usage.completion_tokens == server.seen[0]["usage"]["completion_tokens"] + 50


async def test_more_than_was_reserved_is_told_in_full_and_is_the_last_of_that_endpoint(
    server: Server, make: Make, endpoint: Endpoint
) -> None:
    server.next = ["greedy-usage"]
    thinker, other = make(), make(model="another")
    request = await thinker.fit(REQUEST)

    result = await thinker.think(request)

    assert result.usage.prompt_tokens == 1_000_000
    assert endpoint.state.state == thinker.state.state == other.state.state == "stopped"
    assert "a call used 1,0" in (endpoint.state.why or "")
    for each in (thinker, other):
        with pytest.raises(Unanswered, match="its circuit is stopped after: a call used"):
            async with each.turn():
                pass
    assert len(server.seen) == 1


async def test_a_call_has_the_price_of_its_model(server: Server, make: Make) -> None:
    price = {"input_micro_usd": 7_000_000, "output_micro_usd": 0}
    listed, given, unknown = make(), make(price=price), make(model="llama3")

    for thinker in (listed, given, unknown):
        await thinker.think(REQUEST)
    usage = (await listed.think(REQUEST)).usage

    cost = usage.prompt_tokens * 2.5 + usage.completion_tokens * 10
    assert usage.cost_micro_usd == pytest.approx(cost, abs=1)
    assert (await given.think(REQUEST)).usage.cost_micro_usd == usage.prompt_tokens * 7
    assert (await unknown.think(REQUEST)).usage.cost_micro_usd == 0
