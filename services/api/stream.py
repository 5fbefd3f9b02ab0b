"""The stream of cognition: server-sent events that can be resumed with nothing missed."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from services.api.body import JsonRoute
from services.api.calls import Reading
from services.api.responses import Responses
from services.api.streams import Streams

router = APIRouter(prefix="/v1/cognition", tags=["cognition"], route_class=JsonRoute)

_EVENT_ID: Final = r"^([0-9]{1,18}(\.[1-9][0-9]{0,3})?)?$"

LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern=_EVENT_ID,
        description="`id` of the last event received: the stream goes on right after it.",
    ),
]
LastEventIdQuery = Annotated[
    str | None,
    Query(
        alias="last_event_id",
        pattern=_EVENT_ID,
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


def _streams(request: Request) -> Streams:
    streams: Streams = request.app.state.streams
    return streams


@router.get("/stream", response_class=Response, responses=_TOLD)
async def stream_cognition(
    call: Reading,
    streams: Annotated[Streams, Depends(_streams)],
    last_event_id: LastEventId = None,
    last_event_id_query: LastEventIdQuery = None,
) -> Response:
    """Stream what happens, from now on or right after the event of `Last-Event-ID`."""
    return await streams.open(last_event_id or last_event_id_query, call.reader)
