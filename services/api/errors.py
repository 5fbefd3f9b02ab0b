"""What each error is on the wire: one table from its class to a status, one shape of body."""

import json
import logging
from typing import Any, Final, cast

import psycopg
from eventsourcing.persistence import PersistenceError
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain import errors as domain
from services.api import refusals
from services.cognition.loop import CognitionDisabled
from services.executor import TooBusy
from services.store import errors as store

logger = logging.getLogger(__name__)

STATUSES: Final[dict[type[Exception], int]] = {
    refusals.MalformedBody: 400,
    domain.LimitExceeded: 400,
    CognitionDisabled: 400,
    refusals.Unauthenticated: 401,
    refusals.Forbidden: 403,
    domain.NotAllowed: 403,
    domain.NotFound: 404,
    refusals.NothingThere: 404,
    domain.WrongState: 409,
    domain.DomainError: 409,
    refusals.BodyTooLarge: 413,
    domain.EventTooLarge: 413,
    store.EventTooLarge: 413,
    refusals.WrongContentType: 415,
    domain.InvalidInput: 422,
    psycopg.DataError: 422,
    psycopg.errors.ProgramLimitExceeded: 422,
    psycopg.errors.StatementTooComplex: 422,
    domain.ShownHashRequired: 428,
    domain.BudgetExhausted: 429,
    TooBusy: 503,
    store.StoreUnavailable: 503,
    PersistenceError: 503,
    psycopg.OperationalError: 503,
}
"""The nearest class of an error counts; what is not here is a fault of ours, 500."""
_CODES: Final[dict[type[Exception], str]] = {
    store.EventTooLarge: "event_too_large",
    psycopg.DataError: "invalid_input",
    psycopg.errors.ProgramLimitExceeded: "invalid_input",
    psycopg.errors.StatementTooComplex: "invalid_input",
    PersistenceError: "store_unavailable",
    psycopg.OperationalError: "store_unavailable",
}
"""Codes of errors that carry none."""
_HTTP_CODES: Final = {404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}
_NEVER_SECS: Final = 3_600
"""When to come back with what no window can ever hold: limits may have been changed by then."""
_SHOWN_FAULTS: Final = 20
_SHOWN_CHARS: Final = 1_000
"""Most of what a client sent that it is told again."""


def status_of(error: Exception) -> int:
    """Return the status of an error."""
    return next((STATUSES[each] for each in type(error).__mro__ if each in STATUSES), 500)


def answer_to(error: Exception) -> Response:
    """Make the answer to a request that failed: `{"detail", "code", ...}`, never a traceback."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if status == 500:
        return _reply(500, "an internal error: see the log at this correlation id", "internal")
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, domain.BudgetExhausted):
        headers["Retry-After"] = str(error.retry_after_secs or _NEVER_SECS)
    if status == 503:
        headers["Retry-After"] = "1"
        logger.warning("can't be done now", extra={"why": str(error)})
    if isinstance(error, psycopg.Error):
        return _reply(status, "the store can't take or give this", _code(error), headers)
    details = getattr(error, "details", {})
    return _reply(status, getattr(error, "message", str(error)), _code(error), headers, details)


def register(api: FastAPI) -> None:
    """Let an API answer its errors by the table."""

    async def by_table(_: Request, error: Exception) -> Response:
        return answer_to(error)

    async def invalid(_: Request, error: Exception) -> Response:
        return _faulty(cast("RequestValidationError", error))

    async def by_status(_: Request, error: Exception) -> Response:
        refused = cast("HTTPException", error)
        code = _HTTP_CODES.get(refused.status_code, "refused")
        headers = dict(refused.headers or {})
        return _reply(refused.status_code, str(refused.detail), code, headers)

    for each in STATUSES:
        api.add_exception_handler(each, by_table)
    api.add_exception_handler(RequestValidationError, invalid)
    api.add_exception_handler(HTTPException, by_status)


def _faulty(error: RequestValidationError) -> Response:
    faults = [
        {
            "field": ".".join(str(part) for part in each["loc"])[:200],
            "message": each["msg"].removeprefix("Value error, ")[:500],
        }
        for each in error.errors()[:_SHOWN_FAULTS]
    ]
    first = faults[0]
    detail = f"{first['field']}: {first['message']}"
    return _reply(422, detail, "invalid_request", details={"errors": faults})


def _code(error: Exception) -> str:
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    return next((_CODES[each] for each in type(error).__mro__ if each in _CODES), "refused")


def _reply(
    status: int,
    detail: str,
    code: str,
    headers: dict[str, str] | None = None,
    details: dict[str, Any] | None = None,
) -> Response:
    told = {name: _short(value) for name, value in (details or {}).items()}
    body = {**told, "detail": _short(detail), "code": code}
    text = json.dumps(body, default=str, ensure_ascii=True)
    return Response(text, status, headers, media_type="application/json")


def _short(value: object) -> object:
    if isinstance(value, str) and len(value) > _SHOWN_CHARS:
        return f"{value[:_SHOWN_CHARS]}..."
    return value
