"""`perpetua ingest` as processes of their own, and a steady stream of commands for them."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from domain.events import PersonaSpawned, ThoughtGenerated
from services.store.codec import decode
from services.store.recorder import Recorder
from tests.e2e.process import TOKEN, Perpetua, until
from tests.integration.api.serving import persona
from tests.integration.ingest.speaking import Sent, Speaker

PERSONAS = 12
PARTITIONS = 4


class Elsewhere:
    """Starts processes that ingest from one Kafka into one database."""

    def __init__(
        self, folder: Path, database: str, kafka: str, library: str, session_ms: int = 6_000
    ) -> None:
        self._folder = folder
        self._numbers = count()
        self._variables = {
            "PERPETUA_KAFKA": kafka,
            "PERPETUA_BUS__CLIENT": library,
            "PERPETUA_BUS__TRANSACTION_TIMEOUT_MS": "2000",
            "PERPETUA_BUS__SESSION_TIMEOUT_MS": str(session_ms),
            "PERPETUA_PARTITIONS": str(PARTITIONS),
        }
        self._database = database
        self._running: list[Member] = []

    def start(self) -> "Member":
        home = self._folder / f"ingest-{next(self._numbers)}"
        member = Member(Perpetua(home, self._database, **self._variables))
        self._running.append(member)
        return member

    def kill(self) -> None:
        """Kill what still runs."""
        for each in self._running:
            each.kill()


class Member:
    """A process that ingests."""

    def __init__(self, perpetua: Perpetua) -> None:
        self.perpetua = perpetua
        self.process = perpetua.start("ingest")

    def ready(self) -> "Member":
        """Wait until it has said that it takes commands."""
        until(self._says_so, "it takes commands")
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> float:
        """Press Ctrl-C; return how many seconds it took to end in good order."""
        began = monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0, self.perpetua.errors
        assert self.out.endswith("Ended in good order.\n")
        return monotonic() - began

    @property
    def out(self) -> str:
        return (self.perpetua.home / "out").read_text()

    def _says_so(self) -> bool:
        assert self.process.poll() is None, self.perpetua.errors
        return "Taking commands from" in self.out


class Stream:
    """Thoughts of several personas, each sent once, and what must have come of them."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker
        self._personas = [f"p-{uuid4()}" for _ in range(PERSONAS)]
        self._asked: list[tuple[str, str, Any]] = []
        for each in self._personas:
            self._ask(each, "spawn", each, **persona(each, swarm_id=f"s-{each}"))

    @property
    def sent(self) -> int:
        return len(self._asked)

    def think(self, times: int = 1) -> None:
        """Send a thought of every persona so many times."""
        for _ in range(times):
            for each in self._personas:
                told = {"persona_id": each, "phase": "reflect", "content": f"{self.sent}"}
                self._ask(each, "think", f"{self.sent}", **told)

    @contextmanager
    def under_way(self, pause_secs: float = 0.15) -> Iterator[None]:
        """Go on thinking for as long as the block lasts."""
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(pause_secs):
                self.think()

        thread = threading.Thread(target=run, name="stream")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def is_done_once(self, store: Recorder, silence_secs: float) -> None:
        """Wait until all is answered; each was done once, answered once, in order, with 200.

        There may be much to catch up with: it is in vain once nothing has come for so long.
        """
        places = [(what, placed(future)) for _, what, future in self._asked]
        wanted = {place.id for _, place in places}
        replies = self.speaker.replies
        while not wanted <= {each.id for each in replies}:
            self._hears_more(silence_secs)
        self.speaker.listen(2)
        assert self.speaker.letters == []
        assert Counter(each.id for each in replies) == dict.fromkeys(wanted, 1)
        assert {each.status for each in replies} == {200}
        for number in range(PARTITIONS):
            mine = [each for each in replies if each.record.partition == number]
            offsets = [int(each.id.partition("-")[2]) for each in mine]
            assert offsets == sorted(offsets)
        assert self._stored(store) == [what for _, what, _ in self._in_order(places)]

    def _hears_more(self, seconds: float) -> None:
        heard = len(self.speaker.replies)
        self.speaker.until(lambda: len(self.speaker.replies) > heard, seconds)

    def _in_order(self, places: list[tuple[str, Sent]]) -> list[tuple[str, str, Any]]:
        """Order what was asked by persona, then as it was sent."""
        return sorted(self._asked, key=lambda each: self._personas.index(each[0]))

    def _stored(self, store: Recorder) -> list[str]:
        """Return what was done, by persona, then in the order it was stored."""
        topics = [PersonaSpawned.topic, ThoughtGenerated.topic]
        events = [decode(each.state) for each in store.read(0, 1_000_000, topics=topics)]
        events.sort(key=lambda each: self._personas.index(str(each.persona_id)))
        return [
            each.content if isinstance(each, ThoughtGenerated) else str(each.persona_id)
            for each in events
        ]

    def _ask(self, who: str, command: str, what: str, **fields: Any) -> None:
        told = {"command": command, "command_id": what, **fields}
        future = self.speaker.put(json.dumps(told).encode(), token=TOKEN, key=who.encode())
        self._asked.append((who, what, future))


def placed(future: Any) -> Sent:
    found = future.get(60)
    return Sent(found.partition, found.offset)
