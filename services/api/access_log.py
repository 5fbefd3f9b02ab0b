"""One line a request: who asked what, how it ended, under which correlation id. Never a token."""

import logging
import time
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services import clock
from services.api.errors import answer_to

logger = logging.getLogger(__name__)

CORRELATION_HEADER: Final = "X-Correlation-ID"
_LONGEST: Final = 128


class AccessLog:
    """Middleware that gives each request a correlation id, logs it, and answers what broke."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = _given(scope) or clock.new_id()
        state: dict[str, Any] = scope.setdefault("state", {})
        state["correlation_id"] = correlation_id
        began = time.monotonic()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[CORRELATION_HEADER] = correlation_id
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as broken:
            logger.exception("a request broke off", extra=_told(scope, correlation_id))
            if not status:
                await answer_to(broken)(scope, receive, sending)
        finally:
            took_ms = round((time.monotonic() - began) * 1000, 1)
            told = _told(scope, correlation_id) | {"status": status, "took_ms": took_ms}
            logger.info("request", extra=told)


def refused(scope: Scope, status: int, why: str) -> None:
    """Leave a trace of somebody who was not let in."""
    told = _told(scope, scope["state"]["correlation_id"]) | {"status": status, "why": why}
    logger.warning("request refused", extra=told)


def _told(scope: Scope, correlation_id: str) -> dict[str, Any]:
    principal = scope["state"].get("principal")
    client = scope.get("client")
    return {
        "method": scope["method"],
        "path": scope["path"],
        "client": client[0] if client else None,
        "who": principal.actor if principal else None,
        "correlation_id": correlation_id,
    }


def _given(scope: Scope) -> str | None:
    given = Headers(scope=scope).get(CORRELATION_HEADER, "")
    fits = 0 < len(given) <= _LONGEST and given.isascii() and given.isprintable()
    return given if fits else None
