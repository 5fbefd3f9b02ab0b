"""Ids in paths: any printable text, percent-encoded, a slash included.

Servers decode a path before it is routed, and then `a%2Fb` is two parts. Here the path is routed
as it was sent, and every part is decoded by who takes it.
"""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import (
    InvalidInput,
    NotFound,
    PersonaNotFound,
    ProposalNotFound,
    QuestionNotFound,
    ReservationNotFound,
)
from domain.vocabulary import checked_id


class UndecodedPath:
    """Middleware that routes a path as it was sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its path undecoded."""
        raw = scope.get("raw_path")
        if scope["type"] == "http" and raw:
            scope = {**scope, "path": raw.partition(b"?")[0].decode("ascii", "replace")}
        await self._app(scope, receive, send)


def parts_of(scope: Scope) -> list[str]:
    """Return the decoded parts of an undecoded path."""
    return [unquote(part) for part in scope["path"].split("/")[1:]]


def _is_id(text: str) -> bool:
    try:
        checked_id(text, "id")
    except InvalidInput:
        return False
    return True


def _decoded(text: str, unknown: Callable[[str], NotFound]) -> str:
    """Return an id as it was meant; what can't be one is nobody's, like any other unknown one."""
    decoded = unquote(text)
    if not _is_id(decoded):
        raise unknown(decoded)
    return decoded


def _persona(text: str) -> str:
    return _decoded(text, PersonaNotFound)


def _proposal(text: str) -> str:
    return _decoded(text, ProposalNotFound)


def _reservation(text: str) -> str:
    return _decoded(text, ReservationNotFound)


def _question(text: str) -> str:
    return _decoded(text, QuestionNotFound)


PersonaId = Annotated[
    str, AfterValidator(_persona), Path(description="Id of the persona, percent-encoded.")
]
ProposalId = Annotated[
    str, AfterValidator(_proposal), Path(description="Id of the proposal, percent-encoded.")
]
ReservationId = Annotated[
    str, AfterValidator(_reservation), Path(description="Id of the reservation.")
]
QuestionId = Annotated[
    str, AfterValidator(_question), Path(description="Id of the question, percent-encoded.")
]
