"""What an agent can do: every call, written once, and the two clients that make them."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, Unpack
from urllib.parse import quote
from uuid import uuid4

import httpx

from .answers import Event, Persona, Placed, Proposal, is_decided
from .connection import Connection
from .errors import NotFound
from .waiting import Call, at_once, either

_LONGEST_SECS, _LOOK_SECS = 30.0, 0.5
"""Longest that one request waits: a proxy may allow no more. Time between two looks."""


@dataclass
class Budget(AbstractContextManager["Budget"], AbstractAsyncContextManager["Budget"]):
    """A reservation for one call, settled at the end of its block.

    What a block never says it `used` is forfeited, whether the block fails or not: it stays
    counted in full, for nobody can tell what was used.
    """

    persona: str
    id: str
    settle: Callable[["Budget"], Awaitable[None]]
    usage: dict[str, int] | None = None

    def used(self, **usage: int) -> None:
        """Say what was used: prompt_tokens, completion_tokens, cpu_ms, cost_micro_usd."""
        self.usage = usage

    def __exit__(self, *exc: object) -> None:
        at_once(self.__aexit__())

    async def __aexit__(self, *exc: object) -> None:
        with suppress(NotFound):  # a thought that was stored, but never answered, has settled it
            if self.usage is not None:
                await self.settle(self)


class NewProposal(TypedDict):
    """An action `{tool, target, arguments}` that is wanted; without one, an intention."""

    title: str
    rationale: str
    risk: str
    evidence_refs: list[str]
    action: NotRequired[dict[str, Any]]


class Calls(Connection):
    """The calls. `more` are further fields, by their names in docs/contracts.md."""

    @Call
    async def spawn(self, /, name: str, role: str, charter: str, **more: Any) -> Persona:
        """Create a persona; more: persona_id, parent_id, swarm_id, policy, tags."""
        return await self._post(Persona, _of(), name=name, role=role, charter=charter, **more)

    @Call
    async def persona(self, persona: str) -> Persona:
        """Look at a persona."""
        return await self._send(Persona, "GET", _of(persona), None)

    @Call
    async def token(self, persona: str) -> str:
        """Return the token that opens this persona and nothing else."""
        return str((await self._post(dict[str, Any], _of(persona, "token")))["token"])

    @Call
    async def observe(self, persona: str, source: str, content: str) -> Placed:
        """Store text that came in: lines of a source, counted on from call to call."""
        path = _of(persona, "observations")
        return await self._post(Placed, path, source=source, content=content)

    @Call
    async def reserve(
        self, persona: str, tokens: int, cpu_ms: int = 0, call_id: str = ""
    ) -> Budget:
        """Set aside the worst case of a call, for a block that makes it and says what it used.

        The same `call_id` is answered the same, to whomever.

        Raises:
            BudgetExhausted: it does not fit: make no call.
        """
        body = {"call_id": call_id or str(uuid4()), "tokens": tokens, "cpu_ms": cpu_ms}
        told = await self._post(dict[str, Any], _of(persona, "reservations"), **body)
        return Budget(persona, told["id"], self._settle)

    @Call
    async def think(
        self, /, persona: str, phase: str, content: str, budget: Budget | None = None, **more: Any
    ) -> Placed:
        """Store a thought. It settles its `budget` with what that was told was used, if it was.

        More: context_refs `[{ref, tier, score}]`, impact, usage, thinker `{source, model}`,
        latency_ms, finish_reason, error.
        """
        if budget and budget.usage is not None:
            more |= {"reservation_id": budget.id, "usage": budget.usage}
        path = _of(persona, "thoughts")
        placed = await self._post(Placed, path, phase=phase, content=content, **more)
        if budget:
            budget.usage = None
        return placed

    @Call
    async def hypothesise(
        self, /, persona: str, belief_key: str, claim: str, confidence: float, **more: Any
    ) -> Placed:
        """Raise a hypothesis; more: evidence_refs, contradicts, hypothesis_id."""
        more |= {"belief_key": belief_key, "claim": claim, "confidence": confidence}
        return await self._post(Placed, _of(persona, "hypotheses"), **more)

    @Call
    async def check(self, /, persona: str, hypothesis_id: str, **more: Any) -> Placed:
        """Store a check; more: kind, spec, outcome, confidence_after, evidence_refs, excerpt."""
        return await self._post(Placed, _of(persona, "checks"), hypothesis_id=hypothesis_id, **more)

    @Call
    async def propose(
        self, /, persona: str, wait_secs: float = 0, **proposal: Unpack[NewProposal]
    ) -> Proposal:
        """Propose, and wait so long for the decision; `is_decided` tells whether it came."""
        return await self._until_decided("POST", _of(persona, "proposals"), proposal, wait_secs)

    @Call
    async def proposal(self, proposal_id: str, wait_secs: float = 0) -> Proposal:
        """Look at a proposal, until it is decided or the time is over."""
        return await self._until_decided("GET", _proposal(proposal_id), None, wait_secs)

    @Call
    async def vote(self, /, proposal_id: str, persona: str, vote: str, **more: str) -> Proposal:
        """Cast a persona's vote: approve, reject, veto or abstain; more: reason."""
        path = f"{_proposal(proposal_id)}/votes"
        return await self._post(Proposal, path, persona_id=persona, vote=vote, **more)

    @Call
    async def ask(self, persona: str, question: str, wait_secs: float = 30) -> dict[str, Any]:
        """Ask a persona; return what came of it by then."""
        body = {"question": question, "wait_secs": wait_secs}
        return await self._send(dict[str, Any], "POST", _of(persona, "ask"), body, wait_secs)

    async def _settle(self, budget: Budget) -> None:
        path = _of(budget.persona, "reservations", budget.id, "settle")
        await self._post(dict[str, Any], path, usage=budget.usage)

    async def _until_decided(self, method: str, path: str, body: Any, secs: float) -> Proposal:
        """Send the same, which waits on for the same proposal, until it is decided."""
        ends, key = time.monotonic() + secs, str(uuid4())
        while True:
            wait = min(max(0.0, ends - time.monotonic()), _LONGEST_SECS)
            told = await self._send(Proposal, method, f"{path}?wait={wait}", body, wait, key)
            if is_decided(told) or time.monotonic() + _LOOK_SECS > ends:
                return told
            await either(self._sleep(_LOOK_SECS))


class Client(Calls, AbstractContextManager["Client"]):
    """Calls that return when they are done; usable from several threads."""

    _http: httpx.Client
    _kind, _sleep, _finish = httpx.Client, staticmethod(time.sleep), staticmethod(at_once)

    def events(self, after: str = "") -> Iterator[Event]:
        """Yield what happens from now on, or after an event's `cursor`; "0" is the beginning."""
        events = self._events(after)
        try:
            while True:
                yield at_once(anext(events))
        finally:
            at_once(events.aclose())

    def close(self, *_: object) -> None:
        """Close its connections."""
        self._http.close()

    __exit__ = close


class AsyncClient(Calls, AbstractAsyncContextManager["AsyncClient"]):
    """Calls that are awaited."""

    _http: httpx.AsyncClient
    _kind, _sleep, _finish = httpx.AsyncClient, staticmethod(asyncio.sleep), staticmethod(either)

    def events(self, after: str = "") -> AsyncGenerator[Event]:
        """As `Client.events`."""
        return self._events(after)

    async def close(self, *_: object) -> None:
        """Close its connections."""
        await self._http.aclose()

    __aexit__ = close


def _of(*persona_and_parts: str) -> str:
    return "/".join(("/v1/swarm/personas", *(quote(each, safe="") for each in persona_and_parts)))


def _proposal(proposal_id: str) -> str:
    return f"/v1/cognition/proposals/{quote(proposal_id, safe='')}"
