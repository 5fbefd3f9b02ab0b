"""The calls of one persona: each reserved before and settled after, whatever becomes of it.

A call that may fare better is made again, a malformed answer is asked for once more, and where
the persona's own thinker gives none, its fallback answers and is recorded as such (ADR 19).
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from domain.budget import Credits
from domain.errors import BudgetExhausted
from domain.events.cognition import Thinker as ThinkerId
from domain.events.cognition import Usage
from domain.ports import Thinker
from domain.thinking import Answer, Malformed, ThinkRequest, ThinkResult, Unanswered
from services.cognition.spent import Answered, Spent
from services.cognition.thinkers import Chosen

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECS: Final = 0.5
"""Before a call is made again; twice as long each time, shortened by chance."""
LONGEST_PAUSE_SECS: Final = 60.0
"""A thinker that wants a longer pause is not asked again for this step."""
LEAST_TIME: Final = 4
"""A call is made with no less than one part in so many of the time it may take."""
MOST_ERROR_CHARS: Final = 500

Reserve = Callable[[Credits], Awaitable[None]]
Settle = Callable[[Credits], None]


class Calls:
    """Asks a persona's thinker. Whatever goes wrong there becomes an answer with an error."""

    def __init__(
        self,
        chosen: Chosen,
        reserve: Reserve,
        settle: Settle,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Prepare.

        Args:
            chosen: who is asked.
            reserve: sees to it that a call of this worst case is covered; raises what it refuses.
            settle: counts what a call used.
            pause: waits so many seconds.
        """
        self._chosen = chosen
        self._reserve = reserve
        self._settle = settle
        self._pause = pause

    async def answer(self, request: ThinkRequest) -> Answered:
        """Return the answer of whoever gives one.

        Raises:
            BudgetExhausted: not even the first call is covered; none was made. A call that its
                ceilings never cover is no call of this thinker: its fallback answers.
            DomainError: the persona may not think.
        """
        spent = Spent()
        asked = request
        try:
            asked = await _fitted(self._chosen.thinker, request)
            result = await self._insist(asked, spent)
        except (Unanswered, Malformed) as fault:
            return await self._fall_back(request, asked, fault, spent)
        if self._chosen.fallback and request.phase == "observe":
            await read_along(self._chosen.fallback, request)
        return spent.answered(asked, result)

    async def _insist(self, request: ThinkRequest, spent: Spent) -> ThinkResult:
        """Ask until there is an answer, or no hope for one."""
        tries = 0
        while True:
            try:
                return await self._call(self._chosen.thinker, request, spent)
            except Malformed as wrong:
                if request.repair:
                    raise
                request = replace(request, repair=wrong)
            except Unanswered as wrong:
                again_after = wrong.again_after_secs or 0.0
                if (
                    not wrong.retryable
                    or tries >= self._chosen.retries
                    or again_after > LONGEST_PAUSE_SECS
                ):
                    raise
                backoff = FIRST_PAUSE_SECS * 2.0**tries * random.uniform(0.5, 1)
                tries += 1
                await self._pause(max(again_after, backoff))

    async def _call(self, thinker: Thinker, request: ThinkRequest, spent: Spent) -> ThinkResult:
        async with thinker.turn():
            try:
                need = await self._reserved(thinker.worst_case(request))
            except BudgetExhausted as exhausted:
                hopeless = exhausted.is_hopeless and thinker is not self._chosen.fallback
                if not spent.calls and not (hopeless and self._chosen.fallback):
                    raise
                why = "; ".join([*spent.faults[-1:], str(exhausted)])
                raise Unanswered(why, usage=Usage(), retryable=False) from exhausted
            began = time.monotonic()
            try:
                result = await _in_time(thinker, request, need)
            except (Unanswered, Malformed) as fault:
                spent.faults.append(str(fault))
                lost = fault.usage or _forfeit(need, began)
                self._settle(spent.add(lost, need))
                raise
            except asyncio.CancelledError:  # its loop ends, or its persona: nobody hears it out
                self._settle(spent.add(_forfeit(need, began), need))
                raise
            self._settle(spent.add(result.usage, need))
            return result

    async def _reserved(self, need: Credits) -> Credits:
        """Reserve a call; one that may be slow gets the time that is left, if that is some.

        Raises:
            BudgetExhausted: it is too little, or there are too few tokens.
        """
        least_ms = need.cpu_ms // LEAST_TIME
        while True:
            try:
                await self._reserve(need)
            except BudgetExhausted as exhausted:
                if exhausted.resource != "cpu" or not least_ms <= exhausted.left < need.cpu_ms:
                    raise
                need = replace(need, cpu_ms=exhausted.left)
            else:
                return need

    async def _fall_back(
        self,
        whole: ThinkRequest,
        asked: ThinkRequest,
        fault: Exception,
        spent: Spent,
    ) -> Answered:
        reason = _told(fault)
        fallback = self._chosen.fallback
        if fallback is None:
            return spent.answered(asked, failed(reason, Usage()))
        shown = asked
        try:
            shown = await _fitted(fallback, whole)
            result = await self._call(fallback, shown, spent)
        except (Unanswered, Malformed) as worse:
            both = f"{reason}; {_told(worse)}"[:MOST_ERROR_CHARS]
            return spent.answered(asked, failed(both, Usage()))
        told = replace(result, finish_reason="fallback", fallback_reason=reason)
        return spent.answered(shown, told)


async def read_along(thinker: Thinker, request: ThinkRequest) -> None:
    """Let a thinker take in what it is not asked about; that it fails there costs no thought."""
    try:
        await thinker.recall(request)
    except Exception:
        logger.warning("a thinker failed", extra={"persona": request.persona_id}, exc_info=True)


async def _fitted(thinker: Thinker, request: ThinkRequest) -> ThinkRequest:
    """Return what of a request is shown.

    Raises:
        Unanswered: nobody can tell.
    """
    try:
        return await thinker.fit(request)
    except Exception as wrong:
        raise _own_fault(request, wrong) from wrong


async def _in_time(thinker: Thinker, request: ThinkRequest, need: Credits) -> ThinkResult:
    """Return the answer to one call; it takes no longer than was reserved.

    Raises:
        Unanswered, Malformed: there is none.
    """
    try:
        async with asyncio.timeout(need.cpu_ms / 1000):
            return await thinker.think(request)
    except TimeoutError:
        # it may still be at work somewhere: its whole reservation is forfeit
        lost = Usage(prompt_tokens=need.tokens, cpu_ms=need.cpu_ms)
        raise Unanswered(f"no answer within {need.cpu_ms} ms", usage=lost) from None
    except (Unanswered, Malformed):
        raise
    except Exception as wrong:
        raise _own_fault(request, wrong) from wrong


def _own_fault(request: ThinkRequest, wrong: Exception) -> Unanswered:
    """Tell of a fault that is no server's: the same call would fail again."""
    logger.warning("a thinker failed", extra={"persona": request.persona_id}, exc_info=wrong)
    return Unanswered(f"{type(wrong).__name__}: {wrong}", retryable=False)


def _forfeit(need: Credits, began: float) -> Usage:
    """Return what is charged for a call that does not say what it used."""
    spent_ms = min(need.cpu_ms, int((time.monotonic() - began) * 1000))
    return Usage(prompt_tokens=need.tokens, cpu_ms=spent_ms)


def _told(fault: Exception) -> str:
    """Return what an event can hold of what went wrong: some of it others have written."""
    return str(fault)[:MOST_ERROR_CHARS].encode(errors="replace").decode()


def without_answer(result: ThinkResult) -> ThinkResult:
    """Return what is said where thinking about a question failed too often."""
    if result.error is None:
        return result
    said = f"No answer: {result.error}"
    return replace(result, content=said, answer=Answer(said, ()), error=None)


def failed(error: str, usage: Usage) -> ThinkResult:
    """Make the answer of a thinker that gave none."""
    return ThinkResult(
        content="",
        thinker=ThinkerId(source="failed"),
        usage=usage,
        impact=0.0,
        finish_reason="error",
        error=error,
    )
