"""Nobody gets in without a token, and nobody further than it reaches."""

from typing import Final
from urllib.parse import parse_qs

from fastapi.security import APIKeyQuery, HTTPBearer
from starlette.types import ASGIApp, Receive, Scope, Send

from services.api.access_log import refused
from services.api.errors import answer_to, status_of
from services.api.paths import parts_of
from services.api.permissions import is_public, may
from services.api.refusals import Forbidden, Unauthenticated
from services.tokens import Principal, Tokens

BEARER: Final = HTTPBearer(
    auto_error=False, description="The operator's token, a person's, or an agent's."
)
QUERY: Final = APIKeyQuery(
    name="token", auto_error=False, description="The same token, for an EventSource."
)
"""How a token may come, for the OpenAPI document; `Authentication` is what looks at it."""


class Authentication:
    """Middleware in front of every path: what is not public needs a token that allows it."""

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it before anything of it is read."""
        if scope["type"] == "http" and not is_public(scope["path"]):
            try:
                scope["state"]["principal"] = principal = self._admit(scope)
                self._authorize(principal, scope)
            except (Unauthenticated, Forbidden) as error:
                refused(scope, status_of(error), error.message)
                await answer_to(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> Principal:
        token = _token(scope)
        if not token:
            raise Unauthenticated("a token is required: Authorization: Bearer TOKEN")
        principal = self._tokens.who(token)
        if principal is None:
            raise Unauthenticated("this token is nobody's")
        return principal

    def _authorize(self, principal: Principal, scope: Scope) -> None:
        if not may(principal, scope["method"], parts_of(scope)):
            raise Forbidden(
                f"{principal.actor} may not {scope['method']} {scope['path']}",
                role=principal.role,
            )


def _token(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = bytes(value).partition(b" ")
            return token.strip() if scheme.lower() == b"bearer" else b""
    query: bytes = scope["query_string"]
    found = parse_qs(query.decode("latin-1")).get("token", [""])
    return found[0].encode()
