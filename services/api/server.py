"""Puts the API together. Middleware, outermost first: path, log, origins, tokens."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, FastAPI, Security
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from services.api import (
    agents,
    beliefs,
    blackboard,
    cognition,
    errors,
    health,
    lineage,
    memories,
    memory,
    operations,
    proposals,
    questions,
    receipts,
    reconciliation,
    reservations,
    stream,
    swarm,
    why,
    workspace,
)
from services.api.access_log import CORRELATION_HEADER, AccessLog
from services.api.auth import BEARER, QUERY, Authentication
from services.api.intake import Intake
from services.api.paths import UndecodedPath
from services.api.responses import COMMON
from services.api.streams import Streams

if TYPE_CHECKING:
    from services.app import App

NOUNS: Final = (
    cognition,
    stream,
    swarm,
    lineage,
    agents,
    beliefs,
    workspace,
    blackboard,
    memories,
    memory,
    reservations,
    proposals,
    questions,
    receipts,
    why,
    operations,
    reconciliation,
)
_DESCRIPTION: Final = """
The control plane of Perpetua: start and stop cognition, follow it, make and end personas, send in
what agents think that run elsewhere, and decide on what personas propose.

Errors are `{"detail", "code", ...}`: `code` is the stable name of the rule that said no. Every
command takes an `Idempotency-Key`; every request an `X-Correlation-ID`, which its events carry.
"""
_CORS_HEADERS: Final = (
    "Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", CORRELATION_HEADER,
)  # fmt: skip


def build(app: "App") -> FastAPI:
    """Make the API of one process. Close `state.streams` before the server waits for its clients.

    Whoever serves it must not log query strings: they may hold tokens.
    """
    api: FastAPI = FastAPIOffline(
        title="Perpetua",
        description=_DESCRIPTION,
        version=version("perpetua"),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        swagger_ui_parameters={"validatorUrl": None},  # else the page asks a server elsewhere
    )
    api.state.perpetua = app
    api.state.streams = Streams(app)
    api.state.intake = Intake(app.recorder)
    errors.register(api)
    guarded = APIRouter(dependencies=[Security(BEARER), Security(QUERY)], responses=COMMON)
    for noun in NOUNS:
        guarded.include_router(noun.router)
    api.include_router(guarded)
    api.include_router(health.router)
    _wrap(api, app)
    return api


def _wrap(api: FastAPI, app: "App") -> None:
    """Put the middleware around it, innermost first."""
    api.add_middleware(Authentication, tokens=app.tokens)
    origins = app.settings.cors_origins
    if origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=list(_CORS_HEADERS),
            expose_headers=[CORRELATION_HEADER, "Retry-After"],
        )
    api.add_middleware(AccessLog)
    api.add_middleware(UndecodedPath)
