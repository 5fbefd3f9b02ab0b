"""Whether this process can serve: public, so it tells nothing of what is thought."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.api.models.wire import Told
from services.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from services.app import App

T = TypeVar("T")

router = APIRouter(tags=["health"])
PATIENCE_SECS: Final = 2.0
"""How long the store may take to answer."""


class Health(Told):
    """How this process is."""

    status: str
    """ok; or unavailable, with status 503."""
    store: str
    """ok or unavailable."""
    views: str
    """ok; busy, being built; or stopped, at an event they can't take in."""
    cognition: str
    """running, stopped or disabled."""


@router.get(
    "/health",
    response_model=Health,
    responses={503: {"model": Health, "description": "It can't serve now."}},
)
async def health(request: Request) -> Response:
    """Tell whether this process can serve."""
    app: App = request.app.state.perpetua
    loop = app.loop
    head = await _asked(app.recorder.head)
    problems = await _asked(app.views.problems) if head is not None else []
    views = "busy" if problems is None else "stopped" if problems else "ok"
    fine = head is not None and views != "stopped"
    told = Health(
        status="ok" if fine else "unavailable",
        store="ok" if head is not None else "unavailable",
        views=views,
        cognition="running" if loop.running else "stopped" if loop.enabled else "disabled",
    )
    return JSONResponse(told.model_dump(), 200 if fine else 503)


async def _asked(question: Callable[[], T]) -> T | None:
    """Return the answer, None if there is none in time."""
    try:
        async with asyncio.timeout(PATIENCE_SECS):
            return await run_in_threadpool(question)
    except (TimeoutError, StoreUnavailable):
        return None
