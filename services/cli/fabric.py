"""One way to ask the fabric: over HTTP if `up` answers, else the same API within this process."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import httpx

from services.cli.failures import Failure
from services.cli.instance import running
from services.cli.interrupts import interrupts
from services.settings import Settings
from services.tokens import Tokens

if TYPE_CHECKING:
    from services.app import App

T = TypeVar("T")

PROBE_SECS: Final = 2.0
"""How long `up` may take to say that it is there."""
ANSWER_SECS: Final = 60.0
"""How long it may take to answer."""
PAGE: Final = 1_000
_PLAIN: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: `up` speaks plain HTTP, and loading certificates takes time."""
SHORTEST_PART: Final = 4
"""Fewest characters of an id that name it."""


class Fabric:
    """The API, as the operator of this home."""

    def __init__(self, client: httpx.AsyncClient, url: str | None, app: "App | None") -> None:
        self.url = url
        """Where `up` answers; None if this process asks the store itself."""
        self._client = client
        self._app = app

    async def get(self, path: str, **parameters: Any) -> Any:
        """Read; return the answer.

        Raises:
            Failure: it was refused, or nobody answers.
        """
        await self._catch_up()
        given = {name: value for name, value in parameters.items() if value is not None}
        return await self._ask("GET", path, params=given)

    async def query(self, path: str, body: dict[str, Any]) -> Any:
        """Read, with a question that is too long for an address; return the answer.

        Raises:
            Failure: it was refused, or nobody answers.
        """
        await self._catch_up()
        return await self._ask("POST", path, json=body)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Carry out a command; return the answer.

        Raises:
            Failure: it was refused, or nobody answers.
        """
        return await self._ask("POST", path, json=body or {})

    async def pages(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """Read all of a list, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            after = _id(found[-1]) if found else None
            page = await self.get(path, limit=PAGE, after=after, **parameters)
            found += page
            if len(page) < PAGE:
                return found

    async def whole_id(self, what: str, path: str, part: str) -> str:
        """Return the id that is this, or the only one that begins or ends so.

        Raises:
            Failure: there is none, or several.
        """
        ids = [_id(each) for each in await self.pages(path)]
        if part in ids:
            return part
        long_enough = len(part) >= SHORTEST_PART
        found = [i for i in ids if long_enough and (i.startswith(part) or i.endswith(part))]
        if len(found) == 1:
            return found[0]
        if found:
            raise Failure(f"{part} could be {', '.join(found[:3])}: type more of the {what}'s id")
        raise Failure(f"there is no {what} {part}; `perpetua {what}s` lists them")

    async def _catch_up(self) -> None:
        if self._app:
            await asyncio.to_thread(self._app.views.catch_up)

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = await self._client.request(method, path, **more)
        except httpx.HTTPError as wrong:
            raise _silent(self.url or "the store", wrong) from None
        if answer.is_success:
            return answer.json()
        raise Failure(_refusal(answer))


class Running:
    """The `up` of a home, asked over HTTP for as long as the block lasts; it may be restarted."""

    def __init__(self, settings: Settings) -> None:
        """Prepare to ask as whoever the token of the settings belongs to."""
        self._settings = settings
        self._client = httpx.Client(**_as_operator(settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    @property
    def url(self) -> str:
        """Where it answers.

        Raises:
            Failure: none runs.
        """
        found = running(self._settings.home)
        if found is None:
            raise Failure("`perpetua up` does not run on this home: start it, or say --home")
        return found.url

    def get(self, path: str) -> Any:
        """Read; return the answer.

        Raises:
            Failure: none runs, it does not answer, or refuses.
        """
        url = self.url
        try:
            answer = self._client.get(url + path)
        except httpx.HTTPError as wrong:
            raise _silent(url, wrong) from None
        if answer.is_success:
            return answer.json()
        raise Failure(_refusal(answer))


def asked(settings: Settings, ask: Callable[[Fabric], Awaitable[T]]) -> T:
    """Ask the fabric of a home something, and return the answer.

    Raises:
        Failure: it was refused, or nobody answers.
        KeyboardInterrupt: a signal came meanwhile.
    """
    if url := _answering(settings):
        return interrupts.run(_asking(settings, ask, url, None))
    from services.cli.opening import opened

    with opened(settings) as app:
        return interrupts.run(_asking(settings, ask, None, app))


def asked_of_up(settings: Settings, ask: Callable[[Fabric], Awaitable[T]]) -> T:
    """Ask what only a running `up` can answer, and return the answer.

    Raises:
        Failure: none runs on this home, it was refused, or nobody answers.
        KeyboardInterrupt: a signal came meanwhile.
    """
    if url := _answering(settings):
        return interrupts.run(_asking(settings, ask, url, None))
    raise Failure(f"nobody thinks on {settings.home}: start `perpetua up` there, then ask again")


async def _asking(
    settings: Settings, ask: Callable[[Fabric], Awaitable[T]], url: str | None, app: "App | None"
) -> T:
    if app is None:
        transport, base_url = None, url or ""
    else:
        from services.api.server import build

        transport, base_url = httpx.ASGITransport(build(app)), "http://here"
    async with _client(settings, base_url=base_url, transport=transport) as client:
        return await ask(Fabric(client, url, app))


def _answering(settings: Settings) -> str | None:
    found = running(settings.home)
    if found is None:
        return None
    with suppress(httpx.HTTPError):
        httpx.get(f"{found.url}/health", trust_env=False, timeout=PROBE_SECS, verify=_PLAIN)
        return found.url
    return None


def _client(settings: Settings, **more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(**_as_operator(settings), **more)


def _as_operator(settings: Settings) -> dict[str, Any]:
    """Return the options of a client that speaks as the operator of a home."""
    return {
        "headers": {"Authorization": f"Bearer {Tokens.open(settings).operator}"},
        "trust_env": False,
        "verify": _PLAIN,
        "timeout": ANSWER_SECS,
    }


def _silent(who: str, wrong: httpx.HTTPError) -> Failure:
    return Failure(
        f"{who} does not answer: {wrong or type(wrong).__name__}; look at it with `perpetua doctor`"
    )


def _refusal(answer: httpx.Response) -> str:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return "`perpetua up` knows another token: set PERPETUA_TOKEN as it was for `up`"
    try:
        return f"refused: {answer.json()['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"refused with status {answer.status_code}: see the log of `perpetua up`"


def _id(told: dict[str, Any]) -> str:
    """Return the id of a proposal or a persona."""
    found = told.get("id") or told["identity"]["id"]
    return str(found)
