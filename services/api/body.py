"""What a request brings: limited in size, said to be JSON, and JSON."""

import email.message
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from services.api.refusals import BodyTooLarge, MalformedBody, WrongContentType

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""Most bytes of one request: room for 8 MB of observations, escaped."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class LimitedRequest(Request):
    """A request whose body is read once, up to the limit, and parsed once, strictly."""

    async def body(self) -> bytes:
        """Return the body.

        Raises:
            BodyTooLarge: it is over the limit; the rest is not read.
        """
        if not hasattr(self, "_body"):
            parts, size = [], 0
            async for part in self.stream():
                size += len(part)
                if size > MAX_BODY_BYTES:
                    raise BodyTooLarge(
                        f"the body exceeds limit {MAX_BODY_BYTES} bytes", limit=MAX_BODY_BYTES
                    )
                parts.append(part)
            self._body = b"".join(parts)
        return self._body

    async def json(self) -> Any:
        """Return the parsed body.

        Raises:
            MalformedBody: it is not JSON by RFC 8259, or nested over 200 levels.
        """
        if not hasattr(self, "_json"):
            try:
                self._json = from_json(await self.body(), allow_inf_nan=False)
            except ValueError as wrong:
                raise MalformedBody(f"malformed JSON: {wrong}") from None
        return self._json


class JsonRoute(APIRoute):
    """A route that refuses a body that is not JSON before its handler sees it."""

    def get_route_handler(self) -> Handler:
        """Wrap the handler in the checks."""
        handle = super().get_route_handler()
        takes_body = self.body_field is not None
        needs_body = self.body_field is not None and self.body_field.field_info.is_required()

        async def checked(request: Request) -> Response:
            limited = LimitedRequest(request.scope, request.receive)
            if takes_body and (needs_body or await limited.body()):
                if not _says_json(limited):
                    raise WrongContentType("the body must be application/json")
                await limited.json()
            return await handle(limited)

        return checked


def _says_json(request: Request) -> bool:
    message = email.message.Message()
    message["content-type"] = request.headers.get("content-type", "")
    kind, subtype = message.get_content_maintype(), message.get_content_subtype()
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))
