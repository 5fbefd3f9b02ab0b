"""The `openai` thinker: each think is one call of a model (ADR 19)."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, Final

from domain.budget import Credits
from domain.events.cognition import Thinker, Usage
from domain.thinking import Malformed, ThinkRequest, ThinkResult, Unanswered
from services.cognition.openai import prices, reading
from services.cognition.openai.calling import Calling, Refused
from services.cognition.openai.circuit import Circuit, CircuitState
from services.cognition.openai.document import Document, Tool, compose
from services.cognition.openai.endpoint import Endpoint, passing
from services.cognition.openai.fitting import Frame
from services.cognition.openai.recent import Recent
from services.cognition.openai.reply import NoCompletion, Reply, read_reply
from services.cognition.openai.settings import OpenAISettings, Price
from services.cognition.openai.usage import counted
from services.cognition.standing import ModelStanding

HANG_UP_MS: Final = 1_000
"""Reserved beyond the timeout of a call at most, to end it: the caller waits a little longer."""
MOST_ANSWER_CHARS: Final = 2_000
"""What is kept of a malformed answer."""
MOST_MODEL_CHARS: Final = 128


class OpenAIThinker:
    """Asks one model behind one endpoint, which others may share."""

    def __init__(
        self,
        settings: OpenAISettings,
        endpoint: Endpoint,
        tools: Mapping[str, str],
        circuit: Circuit | None = None,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            settings: the model and how it is asked.
            endpoint: where; whoever made it closes it.
            tools: tools there are, name to what it does.
            circuit: opens when the server refuses this thinker again and again.
        """
        self._settings = settings
        self._endpoint = endpoint
        self._tools = [Tool(name, does) for name, does in tools.items()]
        self._frame = Frame(self._tools, settings.structured)
        self._calling = Calling(settings, endpoint)
        self._circuit = circuit or Circuit()
        self._recent = Recent()

    @cached_property
    def _price(self) -> Price:
        """What the model costs; looked up, and said if unknown, with the first answer only."""
        return prices.price_or_none_said(self._settings.model, self._settings.price)

    @property
    def state(self) -> CircuitState:
        """How it stands: its own circuit, or its endpoint's if that is the one not closed."""
        own = self._circuit.state
        return self._endpoint.state if own.state == "closed" else own

    def standing(self, name: str) -> ModelStanding:
        """Tell how it stands, as the thinker of a name. To be asked from any thread."""
        endpoint, state = self._endpoint, self.state
        return ModelStanding(
            name=name,
            model=self._settings.model,
            url=endpoint.base_url,
            state=state.state,
            why=state.why,
            since=state.since,
            calls=endpoint.calls,
            concurrency=endpoint.concurrency,
        )

    async def fit(self, request: ThinkRequest) -> ThinkRequest:
        """Return the request with what of it will be shown.

        What is to be cited must be shown. So lines of an observation are kept and shown again in
        the reflection, memories of that in the test; it does not matter who thought in between.
        If there is no room for the prompt itself, `think` says so.
        """
        who, kept = request.persona_id, self._recent
        lines, memories = kept.lines(who), kept.memories(who)
        fitted = await asyncio.to_thread(self._frame.fit, request, lines, memories)
        if request.phase == "observe":
            kept.read(who, fitted.lines)
        elif request.phase == "reflect" and request.question is None:
            kept.remind(who, fitted.memories)
        return fitted

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place among the calls of the endpoint.

        Raises:
            Unanswered: a circuit is open.
        """
        with passing(self._circuit, f"{self._settings.base_url}, {self._settings.model}"):
            async with self._endpoint.turn():
                yield

    def worst_case(self, request: ThinkRequest) -> Credits:
        """Tell the most one call uses: a token a byte, all it may write, its timeout."""
        if self._lacks(request):
            return Credits(0, HANG_UP_MS)  # none is made
        tokens = self._document(request).most_tokens + self._settings.max_tokens
        return Credits(tokens, self._reserved_ms(request))

    async def think(self, request: ThinkRequest) -> ThinkResult:
        """Make one call.

        Raises:
            Unanswered: no answer came.
            Malformed: it has not the form asked for, or cites what was not shown.
        """
        if lacking := self._lacks(request):
            raise Unanswered(
                f"a prompt of it needs {lacking:,} bytes and may have {request.room_bytes:,}:"
                " raise its token_budget_per_minute",
                usage=Usage(),
                retryable=False,
            )
        document = self._document(request)
        began = time.monotonic()
        timeout_ms = self._timeout_ms(request)
        try:
            reply = await self._reply(document, timeout_ms / 1_000)
        except Unanswered as fault:
            if fault.usage is not None:
                fault.usage = Usage(cpu_ms=_spent_ms(began, timeout_ms))
            raise
        usage = self._usage(reply, document, _spent_ms(began, timeout_ms))
        return self._read(reply, request, document, usage)

    async def recall(self, request: ThinkRequest) -> None:
        """Take in lines read before this process began."""
        await asyncio.to_thread(self._recent.read, request.persona_id, request.lines)

    def forget(self, persona_id: str) -> None:
        """Drop what is kept of a persona."""
        self._recent.forget(persona_id)

    async def _reply(self, document: Document, timeout_secs: float) -> Reply:
        """Make the call, and tell the circuits how it went."""
        try:
            reply = read_reply(await self._calling.call(self._body(document), timeout_secs))
        except NoCompletion as nonsense:
            fault = self._calling.no_completion(str(nonsense))
            self._endpoint.failed(str(fault))
            raise fault from None
        except Refused as refusal:
            self._endpoint.circuit.succeeded()
            self._circuit.failed(str(refusal))
            raise
        except Unanswered as fault:
            self._endpoint.failed(str(fault))
            raise
        self._endpoint.circuit.succeeded()
        self._circuit.succeeded()
        return reply

    def _body(self, document: Document) -> dict[str, Any]:
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.model,
            "messages": document.messages,
            settings.limit_parameter: settings.max_tokens,
            "response_format": document.response_format,
            "temperature": settings.temperature,
        }
        return {name: value for name, value in body.items() if value is not None}

    def _usage(self, reply: Reply, document: Document, spent_ms: int) -> Usage:
        """Return what the call cost; one that used more than it may was the endpoint's last."""
        most = self._settings.max_tokens
        read, written = counted(reply.usage, document.most_tokens, most)
        if read + written > document.most_tokens + most:
            self._endpoint.stop(
                f"a call used {read + written:,} tokens, and at most"
                f" {document.most_tokens + most:,} were possible"
            )
        cost = prices.cost_micro_usd(self._price, read, written)
        return Usage(
            prompt_tokens=read, completion_tokens=written, cpu_ms=spent_ms, cost_micro_usd=cost
        )

    def _read(
        self, reply: Reply, request: ThinkRequest, document: Document, usage: Usage
    ) -> ThinkResult:
        if refusal := reading.refusal_in(reply):
            raise Unanswered(f"the model refuses: {refusal}", usage=usage, retryable=False)
        thinker = Thinker(source="openai", model=self._model(reply), prompt_hash=document.hash)
        try:
            text = reading.answer_in(reply, as_text=self._settings.structured == "text")
            return reading.read(text, request, document.shown, thinker, usage)
        except reading.Fault as fault:
            raise Malformed(reply.content[:MOST_ANSWER_CHARS], str(fault), usage) from None

    def _model(self, reply: Reply) -> str:
        told = reply.model or ""
        is_name = told.isprintable() and 0 < len(told) <= MOST_MODEL_CHARS
        return told if is_name else self._settings.model

    def _document(self, request: ThinkRequest) -> Document:
        return compose(request, self._tools, self._settings.structured)

    def _lacks(self, request: ThinkRequest) -> int:
        """Return the bytes a prompt needs at least, if it may not have them; else 0."""
        least = self._frame.least_bytes(request)
        return least if least > request.room_bytes else 0

    def _reserved_ms(self, request: ThinkRequest) -> int:
        """Return the time reserved: no more than its policy pays for in a minute."""
        return min(self._longest_ms + HANG_UP_MS, request.limits.compute_ms_per_minute)

    def _timeout_ms(self, request: ThinkRequest) -> int:
        """Return how long a call may take: a little less than is reserved, to end it in time."""
        reserved = self._reserved_ms(request)
        return max(1, min(self._longest_ms, reserved - min(HANG_UP_MS, reserved // 10)))

    @property
    def _longest_ms(self) -> int:
        return int(self._settings.timeout_secs * 1_000)


def _spent_ms(began: float, most: int) -> int:
    """Return the time since; what goes beyond is ours, not the call's."""
    return min(most, int((time.monotonic() - began) * 1_000))
