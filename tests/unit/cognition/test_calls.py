"""The calls of one request: each reserved, settled, made again, repaired, or made by another."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from domain.budget import Credits
from domain.errors import BudgetExhausted
from domain.events.cognition import Usage
from domain.thinking import ThinkRequest, Unanswered
from services.cognition.calls import LEAST_TIME, LONGEST_PAUSE_SECS, Calls
from services.cognition.request import shown_in
from services.cognition.spent import Answered
from services.cognition.thinkers import Chosen
from tests.unit.cognition.scripted import (
    DOWN,
    HANGS,
    LINES,
    NEED,
    REQUEST,
    RIGHT,
    USED,
    WRONG,
    Purse,
    Scripted,
    Whole,
)


async def asked(chosen: Chosen, purse: Purse, request: ThinkRequest = REQUEST) -> Answered:
    return await Calls(chosen, purse.reserve, purse.settle, purse.pause).answer(request)


def used(*usages: Usage) -> list[Credits]:
    return [Credits(each.tokens, each.cpu_ms) for each in usages]


async def test_what_answers_at_once_is_one_call_of_what_fits() -> None:
    purse, thinker = Purse(), Scripted(RIGHT)
    answered = await asked(Chosen(thinker), purse)
    assert answered.result == RIGHT
    assert [c.ref for c in shown_in(answered.request)] == ["7#2"]
    assert (purse.reserved, purse.settled, purse.paused) == ([NEED], used(USED), [])


async def test_a_call_that_may_fare_better_is_made_again_each_reserved_anew() -> None:
    purse, thinker = Purse(), Scripted(DOWN, DOWN, RIGHT)
    answered = await asked(Chosen(thinker, retries=2), purse)
    assert answered.result.content == "thought"
    assert answered.result.usage == Usage(
        prompt_tokens=90, completion_tokens=30, cpu_ms=15, cost_micro_usd=21
    )
    assert (purse.reserved, purse.settled) == ([NEED] * 3, used(USED, USED, USED))
    first, second = purse.paused
    assert 0.25 <= first <= 0.5 <= second <= 1.0


async def test_it_is_not_made_again_more_often_than_it_may() -> None:
    purse = Purse()
    answered = await asked(Chosen(Scripted(DOWN, DOWN, RIGHT), retries=1), purse)
    assert answered.result.error == "500: it is down"
    assert answered.result.finish_reason == "error"
    assert answered.result.usage.tokens == 80


async def test_a_call_that_will_fail_again_is_not_made_again() -> None:
    purse = Purse()
    refused = Unanswered("401: no such key", usage=Usage(), retryable=False)
    answered = await asked(Chosen(Scripted(refused), retries=5), purse)
    assert (answered.result.error, len(purse.reserved)) == ("401: no such key", 1)


async def test_it_waits_as_long_as_it_is_told_to() -> None:
    purse = Purse()
    busy = Unanswered("429", usage=Usage(), again_after_secs=9.0)
    await asked(Chosen(Scripted(busy, RIGHT), retries=1), purse)
    assert purse.paused == [9.0]


async def test_it_does_not_wait_for_ever() -> None:
    purse = Purse()
    busy = Unanswered("429", usage=Usage(), again_after_secs=LONGEST_PAUSE_SECS + 1)
    answered = await asked(Chosen(Scripted(busy, RIGHT), retries=1), purse)
    assert (answered.result.error, purse.paused) == ("429", [])


async def test_a_malformed_answer_is_asked_for_once_more_with_what_is_wrong() -> None:
    purse, thinker = Purse(), Scripted(WRONG, RIGHT)
    answered = await asked(Chosen(thinker), purse)
    assert answered.result.content == "thought"
    assert [each.repair for each in thinker.asked] == [None, WRONG]
    assert purse.settled == used(USED, USED)


async def test_an_answer_that_stays_malformed_is_none() -> None:
    answered = await asked(Chosen(Scripted(WRONG, WRONG, RIGHT), retries=3), Purse())
    assert answered.result.error == "it ends too soon"


async def test_a_call_that_does_not_say_what_it_used_forfeits_what_was_reserved() -> None:
    purse = Purse()
    answered = await asked(Chosen(Scripted(Unanswered("cut off", retryable=False))), purse)
    assert [each.tokens for each in purse.settled] == [NEED.tokens]
    assert answered.result.usage.tokens == NEED.tokens
    assert answered.result.usage.cpu_ms < NEED.cpu_ms


async def test_a_call_that_takes_too_long_forfeits_all_and_is_made_again() -> None:
    purse = Purse()
    thinker = Scripted(HANGS, RIGHT, need=Credits(100, 50))
    answered = await asked(Chosen(thinker, retries=1), purse)
    assert answered.result.content == "thought"
    assert purse.settled == [Credits(100, 50), *used(USED)]


async def test_a_call_that_is_cut_short_forfeits_what_was_reserved() -> None:
    purse, thinker = Purse(), Scripted(HANGS)
    call = asyncio.create_task(asked(Chosen(thinker), purse))
    while not thinker.asked:
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert [each.tokens for each in purse.settled] == [NEED.tokens]


@pytest.mark.parametrize("turns", range(8))
async def test_a_cancellation_is_never_lost_not_even_beside_an_answer(turns: int) -> None:
    call = asyncio.create_task(asked(Chosen(Scripted(RIGHT)), Purse()))
    for _ in range(turns):
        await asyncio.sleep(0)
    cancels = call.cancel()
    await asyncio.wait({call})
    assert call.cancelled() == cancels


async def test_what_others_wrote_of_a_fault_fits_into_an_event() -> None:
    odd = Unanswered("it refuses: \ud800", retryable=False)
    answered = await asked(Chosen(Scripted(odd)), Purse())
    assert answered.result.error == "it refuses: ?"


async def test_a_call_that_no_ceiling_covers_ever_is_left_to_the_fallback() -> None:
    purse, thinker = Purse(tokens=NEED.tokens - 1), Scripted(RIGHT)
    answered = await asked(Chosen(thinker, Whole()), purse)
    assert (answered.result.content, thinker.asked) == ("counted", [])
    assert "100 needed, 0 left of 99" in str(answered.result.fallback_reason)


async def test_a_fault_of_the_thinker_itself_is_an_answer_with_an_error() -> None:
    answered = await asked(Chosen(Scripted(ZeroDivisionError("oh")), retries=3), Purse())
    assert answered.result.error == "ZeroDivisionError: oh"


async def test_another_answers_in_its_stead_and_is_recorded_as_such() -> None:
    purse, fallback = Purse(), Whole()
    answered = await asked(Chosen(Scripted(DOWN), fallback), purse)
    result = answered.result
    assert (result.content, result.thinker.source) == ("counted", "statistical")
    assert (result.finish_reason, result.fallback_reason) == ("fallback", "500: it is down")
    assert result.usage == Usage(prompt_tokens=30, completion_tokens=10, cpu_ms=8, cost_micro_usd=7)
    assert [c.ref for c in shown_in(answered.request)] == ["7#0-2"], "what that one was shown"
    assert purse.reserved == [NEED, Credits(0, 50)]


async def test_who_may_have_to_fall_back_reads_along() -> None:
    fallback = Whole()
    await asked(Chosen(Scripted(RIGHT), fallback), Purse())
    await asked(Chosen(Scripted(RIGHT), fallback), Purse(), replace(REQUEST, phase="reflect"))
    assert [each.lines for each in fallback.recalled] == [LINES]


class Broken(Whole):
    """Can take nothing in."""

    async def fit(self, request: ThinkRequest) -> ThinkRequest:
        raise OverflowError("a line of it")

    async def recall(self, request: ThinkRequest) -> None:
        raise OverflowError("a line of it")


async def test_who_reads_along_and_fails_costs_no_thought() -> None:
    answered = await asked(Chosen(Scripted(RIGHT), Broken()), Purse())
    assert answered.result == RIGHT


async def test_who_can_not_show_a_request_is_fallen_back_from() -> None:
    answered = await asked(Chosen(Broken(), Whole()), Purse())
    assert answered.result.content == "counted"
    assert answered.result.fallback_reason == "OverflowError: a line of it"
    answered = await asked(Chosen(Broken(), Broken()), Purse())
    assert answered.result.error == "OverflowError: a line of it; OverflowError: a line of it"


async def test_where_no_call_can_be_made_none_is_reserved() -> None:
    purse, thinker = Purse(), Scripted()
    thinker.closed = Unanswered("its circuit is open", retryable=False)
    answered = await asked(Chosen(thinker), purse)
    assert (answered.result.error, purse.reserved) == ("its circuit is open", [])
    assert answered.result.usage == Usage()


async def test_no_budget_for_the_first_call_is_said_and_nothing_called() -> None:
    purse, thinker = Purse(tokens=150), Scripted(RIGHT, RIGHT)
    await asked(Chosen(thinker, Whole()), purse)
    with pytest.raises(BudgetExhausted):
        await asked(Chosen(thinker, Whole()), purse)
    assert len(thinker.asked) == 1

    with pytest.raises(BudgetExhausted):
        await asked(Chosen(Scripted(RIGHT)), Purse(tokens=99))


@pytest.mark.parametrize("first", [DOWN, WRONG])
async def test_no_budget_for_another_call_ends_in_what_the_first_has_cost(first: Exception) -> None:
    purse, thinker = Purse(tokens=150), Scripted(first, RIGHT)
    answered = await asked(Chosen(thinker, retries=2), purse)
    assert str(answered.result.error).startswith(f"{first}; token budget of p exhausted")
    assert answered.result.usage == USED
    assert len(thinker.asked) == 1


async def test_a_call_gets_the_time_that_is_left_if_that_is_some() -> None:
    purse, thinker = Purse(cpu_ms=300), Scripted(HANGS)
    answered = await asked(Chosen(thinker), purse)
    assert purse.reserved == [Credits(NEED.tokens, 300)]
    assert answered.result.error == "no answer within 300 ms"
    assert purse.settled == [Credits(NEED.tokens, 300)]

    with pytest.raises(BudgetExhausted):
        await asked(Chosen(Scripted(RIGHT)), Purse(cpu_ms=NEED.cpu_ms // LEAST_TIME - 1))


async def test_what_is_used_beyond_its_reservation_is_told() -> None:
    greedy = replace(RIGHT, usage=Usage(prompt_tokens=101, cpu_ms=1))
    answered = await asked(Chosen(Scripted(greedy)), Purse())
    assert answered.overspent == Credits(101, 1)
    assert (await asked(Chosen(Scripted(RIGHT)), Purse())).overspent is None


@pytest.mark.parametrize("failures", [range(1), range(4)])
async def test_all_that_is_settled_is_in_the_usage_of_the_thought(failures: Sequence[int]) -> None:
    purse = Purse()
    thinker = Scripted(*[DOWN for _ in failures], WRONG, RIGHT)
    answered = await asked(Chosen(thinker, retries=4), purse)
    assert sum(each.tokens for each in purse.settled) == answered.result.usage.tokens
    assert sum(each.cpu_ms for each in purse.settled) == answered.result.usage.cpu_ms
