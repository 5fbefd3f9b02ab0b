"""Serving and thinking until stopped: everything `up` keeps running, and its end in good order."""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from services.api.server import build
from services.app import App
from services.cognition.loop import LoopElsewhere
from services.commands.lifecycle import DEFAULT_SWARM
from services.inputs.errors import UnreadableInput
from services.inputs.feeding import Feeder
from services.inputs.files import Input
from services.inputs.topics.following import TopicFollower
from services.inputs.topics.named import NamedTopic
from services.inputs.topics.storing import Storage
from services.picture.taken import sources
from services.store.errors import StoreUnavailable

logger = logging.getLogger(__name__)

METER_SECS: Final = 2.0
"""How often inputs are looked at, so that a first picture knows how fast they come."""
STANDBY_SECS: Final = 2.0
"""How often a process that has not got the loop tries to have it."""
AGAIN_SECS: Final = 1.0
"""How soon a part that broke off is begun again."""
PATIENCE_SECS: Final = 1
"""How long requests under way may take once we end."""
FAREWELL_SECS: Final = 5.0
"""How long the end of the loop may take to be stored."""


class _Server(uvicorn.Server):
    """A server that leaves the signals to us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Serving:
    """The API, the loop, the gate, the relay and the inputs of one process."""

    def __init__(
        self,
        app: App,
        listening: socket.socket,
        say: Callable[[str], None],
        topics: Sequence[NamedTopic] = (),
    ) -> None:
        """Prepare to serve on a socket; `say` tells a person a sentence."""
        self._app = app
        self._say = say
        self._listening = listening
        self._api: FastAPI = build(app)
        self._server = _Server(
            uvicorn.Config(
                self._api,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=PATIENCE_SECS,
            )
        )
        self._relay = app.relay()
        storage = Storage(app.executor, DEFAULT_SWARM, app.seed_core)
        self._topics = [TopicFollower(t, app.bus, storage, say) for t in topics if app.bus]
        self._stop = asyncio.Event()
        self._feeding: list[asyncio.Task[None]] = []

    async def run(
        self, inputs: Sequence[Input], announce: Callable[[int], Coroutine[Any, Any, None]]
    ) -> None:
        """Serve until cancelled; `announce` tells of what is stored after a position."""
        app = self._app
        head = await asyncio.to_thread(app.recorder.head)
        if self._relay:
            self._relay.start()
        parts = [
            asyncio.create_task(_persist(app.views.follow), name="views"),
            asyncio.create_task(_persist(app.hot.follow), name="hot memory"),
            asyncio.create_task(_persist(app.indexer.run), name="vectors"),
            asyncio.create_task(_persist(app.gate.run), name="gate"),
            asyncio.create_task(_persist(app.reconciler.run), name="reconciliation"),
            asyncio.create_task(_persist(lambda: announce(head)), name="announcements"),
            asyncio.create_task(_persist(self._meter), name="meter"),
        ]
        loop = asyncio.create_task(_persist(self._have_the_loop), name="loop")
        serving = asyncio.create_task(self._server.serve([self._listening]), name="server")
        feeder = Feeder(app.executor, DEFAULT_SWARM, app.seed_core, self._stop, app.settings.inputs)
        self._feeding = [
            asyncio.create_task(self._feed(feeder, each), name=each.name) for each in inputs
        ]
        for topic in self._topics:
            topic.start()
        try:
            await asyncio.wait({serving})
        finally:
            await self._end(serving, loop, parts)

    async def _have_the_loop(self) -> None:
        """Start the loop, or stand by until whoever has it ends."""
        app, told = self._app, False
        if not app.loop.enabled:
            self._say("cognition is disabled by PERPETUA_COGNITION_ENABLED: nobody thinks here")
            return
        while not app.loop.running:
            try:
                await app.loop.start(seed=app.seed)
            except LoopElsewhere:
                if not told:
                    self._say("another process thinks for this store; this one stands by")
                told = True
                await asyncio.sleep(STANDBY_SECS)
            except StoreUnavailable as lost:
                logger.warning("the loop can't start yet", extra={"why": str(lost)})
                await asyncio.sleep(AGAIN_SECS)

    async def _meter(self) -> None:
        while True:
            with suppress(StoreUnavailable):
                await asyncio.to_thread(sources, self._app)
            await asyncio.sleep(METER_SECS)

    async def _feed(self, feeder: Feeder, source: Input) -> None:
        try:
            await feeder.feed(source)
        except UnreadableInput as wrong:
            logger.info("an input can't be read further", extra={"why": str(wrong)})
            self._say(f"{wrong}; nothing more is read from it")
            return
        except Exception as wrong:
            logger.exception("an input broke off")
            self._say(
                f"{source.shown} can't be read further: {type(wrong).__name__}: {wrong};"
                " what is stored of it is whole, start `perpetua up` again to go on"
            )
            return
        if not self._stop.is_set():
            self._say(f"{source.shown} has ended")

    async def _end(
        self,
        serving: "asyncio.Task[None]",
        loop: "asyncio.Task[None]",
        parts: Sequence["asyncio.Task[None]"],
    ) -> None:
        """End everything in order: input, loop, clients, gate, and the relay once all is stored."""
        self._stop.set()
        for topic in self._topics:
            topic.ask_to_stop()
        if self._feeding:
            await asyncio.wait(self._feeding, timeout=PATIENCE_SECS)
        for topic in self._topics:
            await asyncio.to_thread(topic.stop, PATIENCE_SECS)
        loop.cancel()  # who stands by must not begin now
        await asyncio.gather(loop, return_exceptions=True)
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECS):
                await self._app.loop.stop("perpetua up ended")
        await self._app.thinkers.close()
        self._api.state.streams.close()
        self._server.should_exit = True
        for each in (*self._feeding, *parts):
            each.cancel()
        await asyncio.gather(serving, *self._feeding, *parts, return_exceptions=True)
        if self._relay:
            await asyncio.to_thread(self._relay.stop, FAREWELL_SECS)


async def _persist(part: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a part until it ends, again whenever it breaks off."""
    while True:
        try:
            await part()
        except Exception:
            logger.exception("a part broke off, and is begun again")
            await asyncio.sleep(AGAIN_SECS)
        else:
            return
