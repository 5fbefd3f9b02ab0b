"""Runs commands: decide, save, and decide again if somebody else was first.

Deciding is pure and quick, so it happens under one lock, and what was decided is queued for the
group commit before the lock is let go: commands of this process meet each other's decisions in
order, without a conflict and without waiting for the disk. Another process's writes show as a
conflict of versions; then what was cached is dropped, loaded afresh and decided on again.
"""

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Generic, TypeVar, cast

from eventsourcing.persistence import EventStore

from domain.aggregates import Aggregate
from domain.context import Context
from domain.errors import DomainError, EventTooLarge, IdempotencyKeyReused, LoopSuperseded
from domain.recorded import StreamEvent
from domain.segments import Log
from services import clock
from services.store import errors as store_errors
from services.store.aggregate_states import EVERY, AggregateStates
from services.store.mapper import AvroMapper
from services.store.recorder import Recorder
from services.store.save import Answer, Save
from services.store.segments import log_length
from services.unit_of_work import Cache, NotLoaded, Unit

T = TypeVar("T")
F = TypeVar("F")
Command = Callable[[Unit], T]

ATTEMPTS = 300
LONGEST_PAUSE_SECS = 0.02


class TooBusy(DomainError):
    """Others were first again and again; nothing was done."""

    code = "too_busy"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Makes a command happen once: the same key and body is answered as the first time."""

    caller: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What came of a command."""

    result: T
    positions: Sequence[int] = ()
    events: Sequence[StreamEvent] = ()

    @property
    def position(self) -> int:
        """Position of the last event saved; 0 if there was none."""
        return self.positions[-1] if self.positions else 0


@dataclass(frozen=True, slots=True)
class Repeated:
    """The command was done before; this is what it answered then."""

    answer: dict[str, Any]
    status: int


class Executor:
    """The one way to write."""

    def __init__(self, recorder: Recorder, partitions: int) -> None:
        self.recorder = recorder
        self.mapper = AvroMapper(partitions)
        self.events: EventStore[str] = EventStore(self.mapper, recorder)
        self._states = AggregateStates(recorder, self.events)
        self._cache = Cache()
        self._keeper = ThreadPoolExecutor(1, "perpetua-states")
        self._lock = threading.Lock()

    def context(
        self, actor: str, correlation_id: str | None = None, causation_id: str | None = None
    ) -> Context:
        """Make the context of a command decided now."""
        return Context(
            clock.now(), actor, correlation_id or clock.new_id(), clock.new_id, causation_id
        )

    def run(self, context: Context, command: Command[T]) -> Done[T]:
        """Decide and save a command without an idempotency key; else like `execute`."""
        return cast("Done[T]", self.execute(context, command))

    def close(self) -> None:
        """Finish what is kept beside the way."""
        self._keeper.shutdown()

    def execute(
        self,
        context: Context,
        command: Command[T],
        once: Idempotency | None = None,
        answer: Callable[[Done[T]], dict[str, Any]] | None = None,
    ) -> Done[T] | Repeated:
        """Decide and save; block until it is durable.

        Args:
            context: who decides, when, and why.
            command: reads and appends through the unit it is given; may be run several times.
            once: key under which it may happen only once.
            answer: what to answer when the same key comes again.

        Raises:
            DomainError: the command was refused; nothing was saved.
            TooBusy: others were first again and again.
        """
        ids, needed = _Ids(context), dict[str, NotLoaded]()
        for attempt in range(ATTEMPTS):
            try:
                unit, done, future = self._decide(ids, command, once, answer, self.recorder.submit)
            except NotLoaded as missing:
                self._load(needed, missing)
                continue
            except _Refused as refused:
                if self._is_outdated(refused.unit):
                    continue
                raise refused.refusal from None
            if future is None:
                if self._is_outdated(unit):
                    continue
                return done
            try:
                return self._saved(unit, done, future.result())
            except store_errors.KeyTaken as taken:
                unit.forget()
                return Repeated(json.loads(taken.answer), taken.status)
            except Exception as refused:
                _again_or_raise(unit, refused)
            time.sleep(_pause(attempt))
        raise TooBusy("too many others write the same; try again")

    async def execute_async(self, context: Context, command: Command[T]) -> Done[T]:
        """Decide and save without blocking the event loop; else like `execute`.

        Raises:
            DomainError: the command was refused; nothing was saved.
            TooBusy: others were first again and again.
        """
        ids, needed = _Ids(context), dict[str, NotLoaded]()
        for attempt in range(ATTEMPTS):
            try:
                unit, done, future = self._decide(ids, command, None, None, self.recorder.enqueue)
            except NotLoaded as missing:
                await asyncio.to_thread(self._load, needed, missing)
                continue
            except _Refused as refused:
                if await asyncio.to_thread(self._is_outdated, refused.unit):
                    continue
                raise refused.refusal from None
            if future is None:
                if await asyncio.to_thread(self._is_outdated, unit):
                    continue
                return done
            try:
                return self._saved(unit, done, await future)
            except asyncio.CancelledError:
                unit.forget()  # nobody hears whether it is stored: nothing may rest on that it is
                raise
            except Exception as refused:
                _again_or_raise(unit, refused)
            await asyncio.sleep(_pause(attempt))
        raise TooBusy("too many others write the same; try again")

    def _decide(
        self,
        ids: "_Ids",
        command: Command[T],
        once: Idempotency | None,
        answer: Callable[[Done[T]], dict[str, Any]] | None,
        submit: Callable[[Save], F],
    ) -> tuple[Unit, Done[T], F | None]:
        with self._lock:
            unit = Unit(ids.from_the_first(), self._cache)
            try:
                result = command(unit)
            except DomainError as refusal:
                unit.undo()
                raise _Refused(unit, refusal) from refusal
            except BaseException:
                unit.undo()
                raise
            try:
                events, guards = unit.collect()
                records = [self.mapper.to_stored_event(e) for e in events]
                done = Done(result, (), events)
                given = _answer(once, done, answer) if once else None
                if not records and not given:
                    return unit, done, None
                save = Save(records, guards, unit.fence, unit.raise_fence, given)
                return unit, done, submit(save)
            except store_errors.EventTooLarge as large:
                unit.forget()
                raise EventTooLarge("a save", large.size, large.limit) from large
            except BaseException:
                unit.forget()
                raise

    def _saved(self, unit: Unit, done: Done[T], positions: Sequence[int]) -> Done[T]:
        """Keep a newer state of what has grown long meanwhile, beside the way."""
        for placed in done.events:
            if placed.originator_version % EVERY == 0:
                empty = unit.empty(placed.originator_id)
                if empty is not None:
                    self._keeper.submit(self._states.load, empty)
        return replace(done, positions=positions)

    def _is_outdated(self, unit: Unit) -> bool:
        """Tell whether another process wrote what a command read; if so, forget it.

        A save is held against the store when it is committed. A refusal, and a decision to do
        nothing, are held against it here.
        """
        heads = self.recorder.stream_head
        if all(heads(stream) <= version for stream, version in unit.read.items()):
            return False
        unit.forget()
        return True

    def _load(self, needed: dict[str, NotLoaded], missing: NotLoaded) -> None:
        """Load what a command misses, and what it needed before and an attempt has spoilt."""
        needed[missing.key] = missing
        for key, each in needed.items():
            if self._cache.get(key) is not None:
                continue
            if each.make is None:
                self._cache_it(key, Log(key, log_length(self.recorder, key)))
            else:
                self._cache_it(key, self._states.load(each.make()))

    def _cache_it(self, key: str, value: "Aggregate | Log") -> None:
        with self._lock:
            if self._cache.get(key) is None:
                self._cache.put(key, value)


class _Refused(Exception):
    """A command was refused, on what its unit had read."""

    def __init__(self, unit: Unit, refusal: DomainError) -> None:
        super().__init__(str(refusal))
        self.unit, self.refusal = unit, refusal


class _Ids:
    """Gives every attempt at a command the same ids, so that it asks for the same streams."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._made: list[str] = []

    def from_the_first(self) -> Context:
        """Return the context with ids counted from the first one again."""
        used = count()

        def next_id() -> str:
            number = next(used)
            if number == len(self._made):
                self._made.append(self._context.new_id())
            return self._made[number]

        return replace(self._context, new_id=next_id)


def _answer(
    once: Idempotency, done: Done[T], answer: Callable[[Done[T]], dict[str, Any]] | None
) -> Answer:
    def render(positions: Sequence[int]) -> str:
        return json.dumps(answer(replace(done, positions=positions)) if answer else {})

    return Answer(once.caller, once.key, once.body_hash, render)


def _again_or_raise(unit: Unit, refused: Exception) -> None:
    """Forget what is outdated; raise again unless deciding anew may help."""
    unit.forget()
    match refused:
        case store_errors.VersionConflict() | store_errors.GuardConflict():
            return
        case store_errors.FenceLost():
            raise LoopSuperseded(refused.held, refused.current) from refused
        case store_errors.KeyReused():
            raise IdempotencyKeyReused(refused.key) from refused
        case _:
            raise refused


def _pause(attempt: int) -> float:
    return random.random() * LONGEST_PAUSE_SECS * min(1.0, attempt / 10)
