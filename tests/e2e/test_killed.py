"""kill -9 in mid-thought, again and again: nothing acknowledged is lost, nothing is left behind."""

import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import pytest

from domain.events import ObservationReceived
from perpetua_client import Client, PerpetuaError
from services.commands.lifecycle import Ceilings
from services.store.embedded import EmbeddedPostgres
from services.store.recorder import Recorder
from tests.checks import (
    check_budgets,
    check_one_loop,
    check_positions,
    check_reaped_are_distilled,
    history,
)
from tests.e2e.process import EXAMPLE, SOON_SECS, TOKEN, Perpetua, Up, until

LINE = "Nov 23 10:00:00 bastion sshd[1]: Failed password for root from 192.0.2.{} port 1 ssh2\n"


@dataclass
class Pusher:
    """An agent that pushes lines, one a request, and remembers what was acknowledged."""

    acknowledged: dict[int, str] = field(default_factory=dict)
    """Position to the line."""

    def push(self, up: Up, stop: threading.Event) -> None:
        with Client(up.url, TOKEN, patience_secs=0) as client, suppress(PerpetuaError):
            while not stop.is_set():
                line = LINE.format(random.randrange(1, 20))
                placed = client.observe("root-thinker", "pushed", line)
                self.acknowledged[placed["position"]] = line


def kill_again_and_again(perpetua: Perpetua, times: int) -> Pusher:
    """Start, push, kill in mid-thought; so many times over."""
    pusher = Pusher()
    for _ in range(times):
        with perpetua.up(EXAMPLE) as up:
            until(partial(_root_lives, up), "the root lives")
            stop = threading.Event()
            pushing = threading.Thread(target=pusher.push, args=(up, stop))
            pushing.start()
            until(lambda: pusher.acknowledged, "a line is acknowledged")
            time.sleep(random.uniform(0.05, 1.5))
            up.kill()
            stop.set()
            pushing.join()
    return pusher


def check_what_is_left(perpetua: Perpetua, pusher: Pusher, times: int) -> None:
    """Start once more, let it think to the end, stop it in good order; then look at everything."""
    with perpetua.up(EXAMPLE) as up:
        until(lambda: _all_denied(up), "every failing source is denied")
        assert up.interrupt() < SOON_SECS
        assert up.process.returncode == 0
    server = EmbeddedPostgres(perpetua.home)
    assert server.pid is None, "the server was left behind"
    assert not (perpetua.home / "up.json").exists()
    with Recorder(server.start()) as recorder:
        events = history(recorder)
    server.stop_if_last_user()
    check_positions(events)
    check_reaped_are_distilled(events)
    assert check_one_loop(events) == times + 1
    assert check_budgets(events, Ceilings()) > 0
    at = {each.position: each.event for each in events}
    assert pusher.acknowledged, "nothing was pushed before the kills"
    for position, line in pusher.acknowledged.items():
        event = at[position]
        assert isinstance(event, ObservationReceived)
        assert f"{event.content}\n" == line
    fed = [e for e in at.values() if isinstance(e, ObservationReceived) and e.source != "pushed"]
    text = "".join(f"{e.content}\n" for e in fed)
    assert text == EXAMPLE.read_text(), "lines of the file are missing, or came twice"


def test_kills_lose_nothing_that_was_acknowledged(embedded: Perpetua) -> None:
    pusher = kill_again_and_again(embedded, 3)
    check_what_is_left(embedded, pusher, 3)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_twenty_kills_lose_nothing_that_was_acknowledged(embedded: Perpetua) -> None:
    pusher = kill_again_and_again(embedded, 20)
    check_what_is_left(embedded, pusher, 20)


def _root_lives(up: Up) -> bool:
    with up.client() as client:
        return client.get("/v1/swarm/personas/root-thinker").is_success


def _all_denied(up: Up) -> bool:
    sources = {"127.61.14.203", "127.44.7.19", "127.113.90.52", "127.8.201.77", "127.92.33.140"}
    titles = [each["title"] for each in up.get("/v1/cognition/proposals?limit=1000")]
    return all(any(f"Deny {source}:" in title for title in titles) for source in sources)
