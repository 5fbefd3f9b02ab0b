"""A Kafka broker of our own on this machine, for whoever has none: Apache's, without Docker."""

import base64
import shutil
import signal
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from services.bus.broker.jars import RECIPE, broker_jars
from services.bus.broker.java import find_java
from services.bus.broker.port import answers, free_port, is_free
from services.bus.broker.process import BrokerProcess, complaint
from services.bus.broker.settings import HOST, JAVA_OPTIONS, server_properties
from services.bus.errors import BrokerUnavailable
from services.store.errors import StoreUnavailable
from services.store.file_lock import file_lock

PORT: Final = 9092
_CONFIG: Final = "server.properties"
_START_SECONDS: Final = 90.0
"""Recovery after a kill included."""
_LINGER_SECONDS: Final = 1.0
"""How long the port of a killed broker may stay taken."""
_STOP_SECONDS: Final = 30.0
_KILL_SECONDS: Final = 10.0


class LocalBroker:
    """One broker with its data, settings and log in a folder; it goes on when we end.

    Whoever starts it may be killed: another one with the same folder finds it running.
    """

    def __init__(
        self, folder: Path, port: int = PORT, java_options: Sequence[str] = JAVA_OPTIONS
    ) -> None:
        """Name the folder and the port; 0 is a free one, the same at every start."""
        self._folder = folder.absolute()
        self._asked = port
        self._java_options = java_options
        self._process = BrokerProcess(self._folder)

    @property
    def pid(self) -> int | None:
        """Process id of the running broker."""
        return self._process.pid()

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self._process.log

    @property
    def bootstrap(self) -> str:
        """Address for clients, as in PERPETUA_KAFKA; of the last start, if there was one.

        Raises:
            BrokerUnavailable: no port is known before the first start.
        """
        port = self._kept_port() or self._asked
        if not port:
            raise BrokerUnavailable("the broker has no port yet", "start it first")
        return f"{HOST}:{port}"

    def start(self) -> str:
        """Make sure the broker runs and answers; return its address for clients.

        Raises:
            BrokerUnavailable: it can't be started; says why and what to do.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with file_lock(self._folder / "lock"):
                if not self.pid:
                    self._launch()
                self._wait()
        except OSError as wrong:
            raise BrokerUnavailable(
                f"Kafka can't be started: {wrong}", f"make room or give access in {self._folder}"
            ) from wrong
        except StoreUnavailable as waited:
            raise BrokerUnavailable(waited.message, waited.hint) from waited
        return self.bootstrap

    def stop(self) -> None:
        """Stop the broker in good order, unless it is stopped.

        Raises:
            BrokerUnavailable: it does not end.
        """
        self._process.end(signal.SIGTERM, _STOP_SECONDS)

    def kill(self) -> None:
        """End the broker as a loss of power would, but for what the system still writes."""
        self._process.end(signal.SIGKILL, _KILL_SECONDS)

    def _launch(self) -> None:
        port = self._asked or self._kept_port() or free_port()
        deadline = monotonic() + _LINGER_SECONDS
        while not (free := is_free(port)) and monotonic() < deadline:
            sleep(0.02)
        if not free:
            any_free = ", 0 for any free one" if self._asked else ""
            raise BrokerUnavailable(
                f"port {port} of {HOST} is taken", f"choose another with --port{any_free}"
            )
        log = f"-Dlog4j2.configurationFile={(RECIPE / 'log4j2.properties').as_uri()}"
        java = [find_java(), *self._java_options, log, "-cp", str(broker_jars() / "*")]
        if not (self._folder / "data").exists():
            self._format(java)
        (self._folder / _CONFIG).write_text(server_properties("data", port, free_port(port)))
        (self._folder / "port").write_text(str(port))
        self._process.launch(java, _CONFIG)

    def _format(self, java: list[str]) -> None:
        """Make the data folder, whole or not at all."""
        made, config = self._folder / "formatting", self._folder / "formatting.properties"
        shutil.rmtree(made, ignore_errors=True)  # by one that was killed
        config.write_text(server_properties(made.name, PORT, PORT + 1))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if wrong := self._process.format(java, cluster, config.name):
            raise BrokerUnavailable(
                f"Kafka can't make its data: {wrong}", f"make room or give access in {made.parent}"
            )
        config.unlink()
        made.rename(self._folder / "data")

    def _wait(self) -> None:
        """Wait until the broker answers, or has died."""
        port, deadline = self._kept_port() or self._asked, monotonic() + _START_SECONDS
        while not answers(port):
            if self.pid is None:
                raise BrokerUnavailable(
                    f"Kafka does not start: {complaint(self._process.last_said())}",
                    f"see {self._process.log}, or set PERPETUA_KAFKA to another broker",
                )
            if monotonic() > deadline:
                raise BrokerUnavailable(
                    f"Kafka has not answered on port {port} in {_START_SECONDS:.0f} s",
                    f"see {self._process.log}; end it with `kill {self.pid}`",
                )
            sleep(0.05)

    def _kept_port(self) -> int:
        with suppress(FileNotFoundError, ValueError):
            return int((self._folder / "port").read_text())
        return 0
