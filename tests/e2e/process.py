"""The real command, as a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "sshd.log"
PERPETUA = Path(sys.executable).with_name("perpetua")
TOKEN = "token-of-these-tests-only"
PATIENCE_SECS = 120.0
SOON_SECS = 15.0
"""What is to end within five seconds, beside tests that want the processors as well.

Longer than all that is waited for at most, one after the other, where something hangs.
"""
ONE_LINE = re.compile(r"perpetua: [^\n]+\n")


class Perpetua:
    """The command on one home, and perhaps on one database."""

    def __init__(self, home: Path, database: str | None = None, **variables: str) -> None:
        self.home = home
        ours = ("PERPETUA_", "COLUMNS")  # nor the width of whoever runs the tests
        kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        quick = {"PERPETUA_MEMORY__EMBEDDER": "hashing"}  # no model at work beside what is tested
        told = {"PERPETUA_HOME": str(home), "PERPETUA_TOKEN": TOKEN}
        self.env = kept | told | quick | variables
        if database:
            self.env["PERPETUA_DATABASE_URL"] = database

    def __call__(
        self, *arguments: str | Path, code: int | None = 0, stdin: str | None = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end; the exit code must be this, unless None."""
        done = subprocess.run(
            [PERPETUA, *arguments],
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_SECS,
            check=False,
        )
        assert code in (None, done.returncode), done.stderr
        return done

    def json(self, *arguments: str | Path) -> Any:
        return json.loads(self(*arguments, "--json").stdout)

    def refused(self, *arguments: str | Path) -> str:
        """Run what must fail in one line with exit code 2; return the line."""
        done = self(*arguments, code=2)
        assert done.stdout == ""
        assert ONE_LINE.fullmatch(done.stderr), done.stderr
        return done.stderr

    def start(self, *arguments: str | Path) -> "subprocess.Popen[str]":
        """Start and leave running; its output goes to files in the home folder."""
        self.home.mkdir(exist_ok=True)
        with (self.home / "out").open("a") as out, (self.home / "err").open("a") as err:
            return subprocess.Popen(
                [PERPETUA, *arguments],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
                start_new_session=True,
            )

    @contextmanager
    def up(self, *arguments: str | Path) -> Iterator["Up"]:
        """Serve for as long as the block lasts; killed at its end if it still runs."""
        process = self.start("up", "--port", "0", *arguments)
        try:
            yield Up(self, process)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    @property
    def output(self) -> str:
        """What was said on standard output by what was started."""
        return (self.home / "out").read_text()

    @property
    def errors(self) -> str:
        """What was said on standard error by what was started."""
        return (self.home / "err").read_text()


class Up:
    """A `perpetua up` that answers."""

    def __init__(self, perpetua: Perpetua, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._perpetua = perpetua
        until(self._answers, "`up` answers")

    @property
    def url(self) -> str:
        told = json.loads((self._perpetua.home / "up.json").read_text())
        assert told["pid"] == self.process.pid
        return str(told["url"])

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def get(self, path: str) -> Any:
        """Ask over HTTP, which takes a fraction of what a command takes to start."""
        with self.client() as client:
            return client.get(path).raise_for_status().json()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> float:
        """Press Ctrl-C; return how many seconds it took to end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_SECS)
        return time.monotonic() - began

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self._perpetua.errors)
        try:
            with self.client() as client:
                return client.get("/health").is_success
        except (httpx.HTTPError, OSError, ValueError, AssertionError):
            return False


def until(holds: Callable[[], object], what: str, seconds: float = PATIENCE_SECS) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.05)
