"""Who knocks at the recorded sshd: guessers, people, robots and scanners, all on loopback."""

import os
import random
import secrets
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path

PEOPLE = ("anna", "ben", "chidi", "dora")
ROBOTS = ("deploy", "monitor")
DICTIONARY = ("admin", "test", "oracle", "postgres", "ubuntu", "guest", "pi", "git", "ftpuser")


@dataclass(frozen=True)
class Guesser:
    """A source that never gets in: how many guesses in all, and how many a connection."""

    address: str
    failures: int
    users: tuple[str, ...]
    per_connection: int


GUESSERS = (
    Guesser("127.61.14.203", 60, ("root",), 6),
    Guesser("127.44.7.19", 41, DICTIONARY, 1),
    Guesser("127.113.90.52", 33, ("root", "deploy", "anna"), 3),
    Guesser("127.8.201.77", 21, (*DICTIONARY, "root"), 2),
    Guesser("127.92.33.140", 12, ("deploy",), 2),
    Guesser("127.70.3.3", 3, ("admin", "root"), 1),
    Guesser("127.31.250.8", 2, ("git",), 1),
    Guesser("127.105.16.64", 1, ("root",), 1),
)
SCANNERS = ("127.99.0.41", "127.99.0.87", "127.99.1.12")
LOUD = "127.20.0.9"
LOUD_LOGINS = 150


@dataclass(frozen=True)
class Client:
    """Opens connections to the recorded sshd from any loopback address."""

    work: Path
    port: int
    passwords: dict[str, str]

    def login(self, address: str, user: str, answers: list[str]) -> None:
        """Log in by password, giving the answers one after the other until one is right."""
        file = self.work / f"answers-{secrets.token_hex(4)}"
        file.write_text("".join(f"{answer}\n" for answer in answers))
        self._ssh(
            address,
            user,
            "PreferredAuthentications=password",
            f"NumberOfPasswordPrompts={len(answers)}",
            env={
                **os.environ,
                "SSH_ASKPASS": f"{self.work}/askpass",
                "SSH_ASKPASS_REQUIRE": "force",
                "ANSWERS": str(file),
            },
        )

    def login_by_key(self, address: str, user: str) -> None:
        """Log in with the key that every test account accepts."""
        self._ssh(address, user, f"IdentityFile={self.work}/client_key", "BatchMode=yes")

    def _ssh(
        self, address: str, user: str, *options: str, env: dict[str, str] | None = None
    ) -> None:
        common = ("IdentitiesOnly=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null")
        flags = [part for option in (*common, *options) for part in ("-o", option)]
        subprocess.run(
            [
                "ssh",
                "-F",
                "none",
                *flags,
                "-b",
                address,
                "-p",
                str(self.port),
                f"{user}@127.0.0.1",
                ":",
            ],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )


def guess(client: Client, guesser: Guesser, pause: random.Random) -> None:
    """Fail exactly as often as the guesser is meant to."""
    left = guesser.failures
    for user in cycle(guesser.users):
        tries = min(guesser.per_connection, left)
        client.login(guesser.address, user, [secrets.token_hex(4) for _ in range(tries)])
        left -= tries
        if not left:
            return
        time.sleep(pause.uniform(0.1, 0.6))


def work_as(client: Client, user: str, address: str, pause: random.Random) -> None:
    """Ten sessions of a person; before the third the password was mistyped once."""
    for session in range(10):
        time.sleep(pause.uniform(4, 14))
        if session % 3 == 1:
            client.login_by_key(address, user)
        else:
            typo = [secrets.token_hex(4)] if session == 2 else []
            client.login(address, user, [*typo, client.passwords[user]])


def poll(client: Client, pause: random.Random) -> None:
    """The loud source: a robot that logs in all the time and never fails."""
    for _ in range(LOUD_LOGINS):
        client.login_by_key(LOUD, "monitor")
        time.sleep(pause.uniform(0.5, 1.0))


def deploy(client: Client, pause: random.Random) -> None:
    """A second robot, seldom and harmless."""
    for _ in range(12):
        time.sleep(pause.uniform(5, 15))
        client.login_by_key("127.20.0.31", "deploy")


def scan(port: int, address: str, pause: random.Random) -> None:
    """Connect, say nothing or something that is not SSH, and hang up."""
    for words in islice(cycle((b"", b"GET / HTTP/1.0\r\n\r\n")), 6):
        time.sleep(pause.uniform(5, 25))
        with socket.create_connection(
            ("127.0.0.1", port), timeout=10, source_address=(address, 0)
        ) as s:
            s.sendall(words)


def jobs(client: Client) -> list[Callable[[random.Random], None]]:
    """All that happens; each job runs in a thread and takes the dice for its pauses."""
    return [
        *(partial(guess, client, guesser) for guesser in GUESSERS),
        *(partial(work_as, client, user, f"127.10.4.{n}") for n, user in enumerate(PEOPLE, 20)),
        *(partial(scan, client.port, address) for address in SCANNERS),
        partial(poll, client),
        partial(deploy, client),
    ]
