"""Thinkers that share a server: places in order, pauses for all, faults for whose they are."""

import asyncio
import time

import pytest

from domain.thinking import ThinkResult, Unanswered
from services.cognition.making import make_thinkers
from services.cognition.openai.circuit import Circuit
from services.cognition.openai.endpoint import Endpoint, endpoints, key_of
from services.cognition.openai.settings import OpenAISettings
from services.cognition.openai.thinker import OpenAIThinker
from services.cognition.statistical.thinker import StatisticalThinker
from tests.integration.openai.conftest import KEY, TOOLS, Make
from tests.integration.openai.server import Server
from tests.unit.openai.asking import asked, line

REQUEST = asked(lines=[line()])


async def take_turn(thinker: OpenAIThinker) -> ThinkResult:
    async with thinker.turn():
        return await thinker.think(REQUEST)


async def fail(thinker: OpenAIThinker, times: int = 1) -> Unanswered:
    for _ in range(times):
        with pytest.raises(Unanswered) as wrong:
            await take_turn(thinker)
    return wrong.value


def thinker_of(
    endpoint: Endpoint, model: str = "m", circuit: Circuit | None = None
) -> OpenAIThinker:
    settings = OpenAISettings(base_url=endpoint.base_url, model=model, timeout_secs=5)
    return OpenAIThinker(settings, endpoint, TOOLS, circuit)


async def test_no_more_calls_are_under_way_than_there_are_places(server: Server) -> None:
    server.delay_secs = 0.05
    endpoint = Endpoint(server.url, 3)
    thinkers = [thinker_of(endpoint, f"m{n % 2}") for n in range(12)]

    await asyncio.gather(*map(take_turn, thinkers))
    await endpoint.close()

    assert server.most_at_once == 3
    assert len(server.seen) == 12


async def test_places_are_given_in_the_order_of_asking(server: Server) -> None:
    endpoint = Endpoint(server.url, 1)
    server.delay_secs = 0.01
    thinkers = [thinker_of(endpoint, f"m{n}") for n in range(9)]

    await asyncio.gather(*map(take_turn, thinkers))
    await endpoint.close()

    assert [each["body"]["model"] for each in server.seen] == [f"m{n}" for n in range(9)]


async def test_who_waits_and_gives_up_leaves_its_place_to_the_next(server: Server) -> None:
    endpoint = Endpoint(server.url, 1)
    thinker = thinker_of(endpoint)
    async with thinker.turn():
        waiting = [asyncio.create_task(take_turn(thinker)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()

    done = await asyncio.gather(*waiting, return_exceptions=True)
    await endpoint.close()

    assert isinstance(done[0], asyncio.CancelledError)
    assert all(isinstance(each, ThinkResult) for each in done[1:])


@pytest.mark.parametrize("fault", ["429", "503"])
async def test_a_pause_a_server_asks_for_holds_all_who_ask_it(
    server: Server, make: Make, fault: str
) -> None:
    server.next = [fault]
    thinker, other = make(), make(model="other")
    began = time.monotonic()
    wrong = await fail(thinker)

    await take_turn(other)

    assert wrong.again_after_secs == 1
    assert time.monotonic() - began >= 1


async def test_a_pause_may_be_told_by_its_end(server: Server, make: Make) -> None:
    server.next = ["429-date"]

    pause = (await fail(make())).again_after_secs

    assert pause is not None
    assert 0 < pause <= 40


async def test_a_pause_without_end_is_not_waited_for(server: Server, make: Make) -> None:
    server.next = ["429-for-ever"]

    assert (await fail(make())).again_after_secs == 60


async def test_a_server_that_fails_again_and_again_is_asked_no_more_for_a_while(
    server: Server,
) -> None:
    now = [0.0]
    endpoint = Endpoint(server.url, 8, circuit=Circuit(3, 10, lambda: now[0]))
    thinker, other = thinker_of(endpoint), thinker_of(endpoint, "other")
    server.next = ["500"] * 4
    await fail(thinker, 3)

    refused = await fail(other)

    assert len(server.seen) == 3
    assert "is not asked: its circuit is open after: " in str(refused)
    assert "status 500" in str(refused)
    assert (refused.retryable, refused.again_after_secs) == (False, 10)
    assert refused.usage is not None
    assert refused.usage.tokens == 0
    assert other.state.state == "open"

    now[0] = 10.0
    await fail(other)  # the probe
    assert other.state.again_after_secs == 20
    now[0] = 30.0
    await take_turn(other)
    assert (other.state.state, other.state.why) == ("closed", None)
    await endpoint.close()


async def test_those_who_wait_for_a_place_are_refused_once_the_circuit_opens(
    server: Server,
) -> None:
    endpoint = Endpoint(server.url, 1, circuit=Circuit(opens_after=1))
    server.next = ["500"]

    done = await asyncio.gather(
        *(take_turn(thinker_of(endpoint)) for _ in range(5)), return_exceptions=True
    )
    await endpoint.close()

    assert all(isinstance(each, Unanswered) for each in done)
    assert len(server.seen) == 1


async def test_what_is_refused_to_one_thinker_is_not_the_fault_of_others(
    server: Server, make: Make, endpoint: Endpoint
) -> None:
    wrong_key, well = make(circuit=Circuit(opens_after=2)), make()
    server.next = ["401"] * 2
    await fail(wrong_key, 2)

    assert "its circuit is open after: " in str(await fail(wrong_key))
    assert len(server.seen) == 2
    assert wrong_key.state.state == "open"
    assert endpoint.state.state == well.state.state == "closed"
    assert (await take_turn(well)).content


async def test_a_malformed_answer_is_no_fault_of_the_server(
    server: Server, make: Make, endpoint: Endpoint
) -> None:
    server.next = ["500", "wrong-types"]
    thinker = make()
    await fail(thinker)
    with pytest.raises(Exception, match="valid string"):
        await take_turn(thinker)

    assert endpoint.state.why is None


async def test_thinkers_of_one_server_share_it_with_the_least_of_their_limits() -> None:
    one = OpenAISettings(base_url="http://127.0.0.1:9/v1", model="a", concurrency=4)
    two = OpenAISettings(base_url="http://127.0.0.1:9/v1/", model="b", concurrency=2)
    three = OpenAISettings(base_url="http://127.0.0.1:8/v1", model="a")

    made = endpoints([one, two, three])

    assert len(made) == 2
    assert made[key_of(one)] is made[key_of(two)]
    assert made[key_of(one)].concurrency == 2
    for each in made.values():
        await each.close()


async def test_how_each_model_stands_is_told_with_the_calls_of_its_server(server: Server) -> None:
    models = {
        name: OpenAISettings(base_url=server.url, model=model, timeout_secs=5, api_key=KEY)
        for name, model in (("one", "m1"), ("two", "m2"))
    }
    thinkers = make_thinkers(StatisticalThinker(), models, "one", TOOLS)
    one, two = (thinkers.of([f"thinker:{name}"]).thinker for name in models)

    async with one.turn():
        under_way = thinkers.states()
    server.next = ["401"] * 5
    for _ in range(5):
        with pytest.raises(Unanswered):
            async with two.turn():
                await two.think(REQUEST)
    first, second = thinkers.states()
    await thinkers.close()

    assert [(each.name, each.model, each.calls) for each in under_way] == [
        ("one", "m1", 1), ("two", "m2", 1),
    ]  # fmt: skip
    assert (first.state, first.why, first.since, first.calls) == ("closed", None, None, 0)
    assert (second.state, second.well, second.concurrency) == ("open", False, 8)
    assert "status 401" in str(second.why)
    assert second.since is not None
    assert KEY not in repr((first, second))
