"""A real server over a real store, in a thread of its own, and clients of it."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from services.api.server import build
from services.app import App
from services.settings import Settings, User

OPERATOR = "operator-token-of-these-tests"
APPROVER = "approver-token-of-these-tests"
VIEWER = "viewer-token-of-these-tests"
POLICY = {
    "max_spawn_depth": 4,
    "max_branching_factor": 4,
    "token_budget_per_minute": 20_000,
    "compute_ms_per_minute": 10_000,
    "idle_ttl_secs": 3_600,
    "share_memory": False,
    "allowed_tools": [],
}


def settings_for(home: Path, database: str, **more: Any) -> Settings:
    users = (
        User(name="ann", token_sha256=_sha256(APPROVER), role="approver"),
        User(name="vic", token_sha256=_sha256(VIEWER), role="viewer"),
    )
    return Settings(home=home, database_url=database, token=OPERATOR, users=users, **more)


def persona(persona_id: str | None, **more: Any) -> dict[str, Any]:
    return {"persona_id": persona_id, "name": "N", "role": "r", "charter": "c", **more}


def policy(**changes: Any) -> dict[str, Any]:
    return POLICY | changes


class Served:
    """One process's API, as `up` serves it: with the views and the gate at work."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.api = build(app)
        config = uvicorn.Config(
            self.api, "127.0.0.1", 0, log_config=None, access_log=False, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.loop: asyncio.AbstractEventLoop

    def __enter__(self) -> "Served":
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *exc: object) -> None:
        self.loop.call_soon_threadsafe(self.api.state.streams.close)
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def client(self, token: str | None = OPERATOR, **more: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(
            base_url=self.url,
            headers=headers,
            timeout=30,
            trust_env=False,
            verify=False,  # no certificates to load for each client
            **more,
        )

    def tasks(self) -> set[str]:
        """Names of the coroutines that run in the server's loop."""
        return {str(task.get_coro()) for task in asyncio.all_tasks(self.loop)}

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        background = [
            asyncio.create_task(self.app.views.follow()),
            asyncio.create_task(self.app.hot.follow()),
            asyncio.create_task(self.app.gate.run()),
        ]
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.005)
        self._ready.set()
        await serving
        await self.app.loop.stop()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    with App(settings) as app, Served(app) as served:
        yield served


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
