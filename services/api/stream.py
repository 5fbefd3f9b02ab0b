"""The stream of cognition: server-sent events that can be resumed with nothing missed."""

import asyncio
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.limits import Limits
from services.api.body import JsonRoute
from services.api.calls import Reading
from services.api.following import following
from services.api.responses import Responses
from services.api.stream_events import TOPICS, messages
from services.api.stream_message import Known
from services.api.stream_response import EventStream
from services.store.mapper import to_recorded
from services.store.save import Stored
from services.unit_of_work import Unit

if TYPE_CHECKING:
    from services.app import App

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/v1/cognition", tags=["cognition"], route_class=JsonRoute)

KEEP_ALIVE_SECS: Final = 15.0
LAG_LIMIT: Final = 10_000
"""How far a live client may fall behind; then it goes on at the head, and is told so."""
SLOW_SECS: Final = 1.0
"""How long a batch may take before it is looked how far behind the client is."""
_EVENT_ID: Final = re.compile(r"(\d{1,18})(?:\.(\d{1,4}))?")

LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern=rf"^({_EVENT_ID.pattern})?$",
        description="`id` of the last event received: the stream goes on right after it.",
    ),
]
LastEventIdQuery = Annotated[
    str | None,
    Query(
        alias="last_event_id",
        pattern=rf"^({_EVENT_ID.pattern})?$",
        description="The same, for a first connection; the header counts where both are given.",
    ),
]
_TOLD: Final[Responses] = {
    200: {
        "description": "Events as they happen, and a comment every 15 s.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 4711\nevent: cognition\ndata: {"id": "...", "event_type": '
                '"thought_generated", "persona_id": "p1", "swarm_id": "swarm-core", '
                '"timestamp": "2026-01-01T00:00:00Z", "payload": {}}\n\n',
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client is: all up to a position, and so many messages of the next."""

    position: int
    more: int = 0

    @classmethod
    def read(cls, event_id: str) -> "Place":
        """Read the id of an event: `POSITION`, or `POSITION.N` before the last of its messages."""
        match = _EVENT_ID.fullmatch(event_id)
        assert match
        position = int(match[1])
        return cls(position) if match[2] is None else cls(position - 1, int(match[2]))


class Streams:
    """The open streams of one server."""

    def __init__(self, app: "App") -> None:
        self.app = app
        self.closing = asyncio.Event()

    def close(self) -> None:
        """End them all; clients come back with the id of the last event they had."""
        self.closing.set()

    async def chunks(self, place: Place, *, live: bool) -> AsyncIterator[str]:
        """Yield what is sent to one client, for as long as it listens and the store is open."""
        yield f": connected\nid: {place.position}\n\n" if not place.more else ": connected\n\n"
        while place is not None:
            async with following(self.app.recorder, place.position, TOPICS) as batches:
                async for chunk, place in self._of(batches, place, live=live):
                    yield chunk
                    ...
