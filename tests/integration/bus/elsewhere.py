"""Relays as processes of their own, which tests may stop and kill."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic

from services.bus.relay import standing
from services.bus.settings import BusSettings
from services.store.recorder import Recorder
from tests.e2e.process import Perpetua
from tests.integration.bus.relaying import PATIENCE_SECS


class Elsewhere:
    """`perpetua relay` as processes of their own."""

    def __init__(self, home: Path, database: str, kafka: str, settings: BusSettings) -> None:
        self._home = home
        self._numbers = count()
        self._perpetua = partial(
            Perpetua,
            database=database,
            PERPETUA_KAFKA=kafka,
            PERPETUA_BUS__CLIENT=settings.client,
            PERPETUA_BUS__TRANSACTION_TIMEOUT_MS=str(settings.transaction_timeout_ms),
        )

    @contextmanager
    def running(self, *arguments: str) -> Iterator["Running"]:
        """Publish for as long as the block lasts; killed at its end if it still runs."""
        home = self._home.with_name(f"{self._home.name}-{next(self._numbers)}")
        process = Running(self._perpetua(home), *arguments)
        try:
            yield process
        finally:
            process.kill()


class Running:
    """A process that publishes."""

    def __init__(self, perpetua: Perpetua, *arguments: str) -> None:
        self.process = perpetua.start("relay", *arguments)
        self._perpetua = perpetua

    def kill(self) -> None:
        """Kill it, unless it is killed."""
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> float:
        """Press Ctrl-C; return how many seconds it took to end."""
        began = monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_SECS)
        return monotonic() - began

    def has_begun(self) -> bool:
        """Tell whether it has said that it publishes, or stands by."""
        self.lives()
        return "Publishing on" in (self._perpetua.home / "out").read_text()

    def lives(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the relay has ended: {self._perpetua.errors}")
        return True

    def holds(self, store: Recorder, slot: int = 0) -> bool:
        """Tell whether it publishes a slot."""
        self.lives()
        found = [each for each in standing.read(store, slot + 1) if each.slot == slot]
        return any(
            each.state == "publishing" and each.holder.endswith(f":{self.process.pid}")
            for each in found
        )
