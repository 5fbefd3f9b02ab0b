"""The local broker as a process: found, launched, ended."""

import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import psutil

from services.bus.errors import BrokerUnavailable

_MAIN: Final = "kafka.Kafka"
_STORAGE: Final = "kafka.tools.StorageTool"
_LOG_BYTES: Final = 5_000_000
_FORMAT_SECONDS: Final = 60
_EXCEPTION: Final = re.compile(r"[\w.$]+(?:Exception|Error): (.+)")
_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""In the locale C, Java can't name files outside ASCII."""


class BrokerProcess:
    """The broker that runs in a folder. Whoever starts or ends it holds the folder's lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.log = folder / "broker.log"
        self._said = 0
        self._child: subprocess.Popen[bytes] | None = None

    def pid(self) -> int | None:
        """Return the running broker's process id.

        It is looked for among all processes: two brokers on the same data destroy it, and one that
        was killed in the middle of a start has left no note of its child.
        """
        if self._child and self._child.poll() is None:
            return self._child.pid
        ours = (each.pid for each in psutil.process_iter(["name"]) if self._is_ours(each))
        return next(ours, None)

    def launch(self, java: Sequence[str], config: str) -> None:
        """Start the broker, which goes on when we end."""
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > _LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as log:
            self._said = log.tell()
            self._child = subprocess.Popen(  # noqa: S603 (our own program, no shell)
                [*java, _MAIN, config],
                cwd=self._folder,
                env=os.environ | _ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever started it
            )

    def format(self, java: Sequence[str], cluster: str, config: str) -> str | None:
        """Prepare the data folder of a settings file; return what is wrong, if anything."""
        try:
            done = subprocess.run(  # noqa: S603 (our own program, no shell)
                [*java, _STORAGE, "format", f"--cluster-id={cluster}", "--config", config],
                cwd=self._folder,
                env=os.environ | _ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_FORMAT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it has not ended in {_FORMAT_SECONDS} s"
        return complaint(done.stdout) if done.returncode else None

    def end(self, number: int, seconds: float) -> None:
        """Send the broker a signal and wait until it is gone.

        Raises:
            BrokerUnavailable: it is still there after so many seconds.
        """
        if (pid := self.pid()) is None:
            return
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            process.send_signal(number)
            self._wait(process, seconds)

    def _wait(self, process: psutil.Process, seconds: float) -> None:
        deadline = monotonic() + seconds
        while self.pid() == process.pid or not _is_dead(process):
            if monotonic() > deadline:
                raise BrokerUnavailable(
                    f"the Kafka broker, process {process.pid}, has not ended in {seconds:.0f} s",
                    f"see {self.log}, then end it with `kill -9 {process.pid}`",
                )
            sleep(0.02)

    def last_said(self) -> str:
        """Return what the broker has written to its log since we launched it."""
        with suppress(OSError):
            return self.log.read_bytes()[self._said :].decode(errors="replace")
        return ""

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return (
                process.info["name"] == "java"
                and Path(process.cwd()) == self._folder.resolve()
                and _MAIN in process.cmdline()
            )
        except psutil.Error:  # it has ended, or is another user's
            return False


def _is_dead(process: psutil.Process) -> bool:
    """Tell whether nothing of a process runs any more; its parent may still have to take note.

    Raises:
        psutil.NoSuchProcess: nothing is left of it at all.
    """
    return bool(process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1)


def complaint(text: str) -> str:
    """Return what the last error says: its root cause, which the log has in the line after it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for at in reversed(range(len(lines))):
        _, error, said = lines[at].partition(" ERROR ")
        if error:
            cause = _EXCEPTION.match(lines[at + 1]) if at + 1 < len(lines) else None
            return (cause[1] if cause else said).rstrip(".")
    wrong = [line for line in lines if not line.startswith(("at ", "Error: "))]
    return (wrong or lines or ["it does not say why"])[-1].rstrip(".")
