"""The open streams: what each client is sent, from where on, and how slow it may be."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool

from domain.limits import Limits
from domain.recorded import Stored
from projections.privacy import Reader
from services.api.following import following_with_pauses
from services.api.stream_events import TOPICS, messages
from services.api.stream_message import Known
from services.api.stream_response import EventStream
from services.api.withheld import is_withheld, without_words
from services.store.mapper import to_recorded
from services.unit_of_work import Unit

if TYPE_CHECKING:
    from services.app import App

GREETING: Final = ": connected\n\n"
KEEP_ALIVE: Final = ": keep-alive\n\n"
CHUNK_CHARS: Final = 32_768
_MOST_KNOWN: Final = 10_000
_SLOW_SECS: Final = 1.0
"""How long a batch may take before it is looked how far behind the client is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client is: all up to a position, and so many messages of the next."""

    position: int
    more: int = 0

    @classmethod
    def read(cls, event_id: str) -> "Place":
        """Read the id of an event: `POSITION`, or `POSITION.N` before the last of its messages."""
        position, _, more = event_id.partition(".")
        return cls(int(position) - 1, int(more)) if more else cls(int(position))


class Streams:
    """The open streams of one server."""

    def __init__(
        self, app: "App", keep_alive_secs: float = 15.0, most_behind: int = 10_000
    ) -> None:
        """Prepare.

        Args:
            app: whose events they tell.
            keep_alive_secs: silence after which a comment is sent.
            most_behind: positions a live client may be behind; then it goes on at the head.
        """
        self.closing = asyncio.Event()
        self.keep_alive_secs = keep_alive_secs
        self.most_behind = most_behind
        self._app = app
        self._known: dict[str, Known] = {}

    def close(self) -> None:
        """End them all, from the server's loop; clients come back with their last event's id."""
        self.closing.set()

    async def open(self, event_id: str | None, reader: Reader) -> EventStream:
        """Open a stream right after an event; without one, where the store is now.

        What the reader may not see is told without its words.

        A client that says where it was misses nothing, however slow it is. One that does not is
        live: when it falls too far behind it goes on at the head, and is told so.
        """
        head = await run_in_threadpool(self._app.recorder.head)
        place = Place.read(event_id) if event_id else Place(head)
        if place.position > head:
            place = Place(head)
        return EventStream(self._chunks(place, reader, live=not event_id), self.closing)

    async def _chunks(self, place: Place, reader: Reader, *, live: bool) -> AsyncIterator[str]:
        yield GREETING if place.more else f"{GREETING[:-1]}id: {place.position}\n\n"
        recorder, skipped = self._app.recorder, 1
        while skipped:
            skipped = 0
            after, pause = place.position, self.keep_alive_secs
            async with following_with_pauses(recorder, after, TOPICS, pause) as batches:
                async for batch in batches:
                    if batch is None:
                        yield KEEP_ALIVE
                        continue
                    began = time.monotonic()
                    for chunk in await run_in_threadpool(self._told, batch, place, reader):
                        yield chunk
                    place = Place(batch[-1].position)
                    if live and time.monotonic() - began > _SLOW_SECS:
                        skipped = await run_in_threadpool(self._lag, place)
                    if skipped:
                        place = Place(place.position + skipped)
                        yield f"event: lag\ndata: skipped {skipped}\n\n"
                        break

    def _lag(self, place: Place) -> int:
        """Return how many positions a live client must skip: none, or all up to the head."""
        behind = self._app.recorder.head() - place.position
        return behind if behind > self.most_behind else 0

    def _told(self, batch: Sequence[Stored], place: Place, reader: Reader) -> list[str]:
        """Render a batch for a client that is at a place, in chunks."""
        frames = (frame for stored in batch for frame in self._frames(stored, place, reader))
        return list(_joined(frames))

    def _frames(self, stored: Stored, place: Place, reader: Reader) -> Iterator[str]:
        recorded = to_recorded(stored)
        known = self._who(recorded.event.persona_id)
        told = messages(recorded, known)
        if is_withheld(reader, recorded.event, known.limits):
            told = [without_words(message) for message in told]
        had = place.more if stored.position == place.position + 1 else 0
        for number, message in enumerate(told, 1):
            event_id = f"{stored.position}" + (f".{number}" if number < len(told) else "")
            if number > had:
                data = json.dumps(message)  # ASCII: some clients end lines at U+2028
                yield f"id: {event_id}\nevent: cognition\ndata: {data}\n\n"

    def _who(self, persona_id: str | None) -> Known:
        """Return what never changes of a persona."""
        if persona_id is None:
            return Known("", "", Limits())
        if known := self._known.get(persona_id):
            return known

        def look(unit: Unit) -> Known | None:
            who = unit.persona(persona_id)
            return Known(who.identity.name, who.identity.role, who.limits) if who.exists else None

        executor = self._app.executor
        found = executor.run(executor.context("system:stream"), look).result
        if found is None:
            return Known(persona_id, "", Limits())
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[persona_id] = found
        return found


def _joined(frames: Iterator[str]) -> Iterator[str]:
    """Join frames to chunks that are not much longer than they must be."""
    held, size = [], 0
    for frame in frames:
        held.append(frame)
        size += len(frame)
        if size >= CHUNK_CHARS:
            yield "".join(held)
            held, size = [], 0
    if held:
        yield "".join(held)
