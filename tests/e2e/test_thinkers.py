"""Personas of both thinkers over one growing log: what each cost, was shown, and cites."""

import hashlib
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from domain.events import (
    BudgetSettled,
    CheckRequested,
    Event,
    HypothesisRaised,
    ProposalCreated,
    ThoughtGenerated,
)
from domain.recorded import Recorded
from domain.references import lines_of, read_reference
from domain.streams import persona as persona_stream
from projections import privacy
from services.cognition.openai.escaping import encoded
from services.memory.shown import shown_to
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from tests.e2e.process import EXAMPLE, Perpetua, Up, until

E = TypeVar("E", bound=Event)
MODEL = "model-thinker"
ROOT = "root-thinker"
SHORT_SECS, LONG_SECS = 15, 120
LINES_A_SECOND = 60


@dataclass
class Served:
    """A server of chat completions, a process of its own."""

    url: str
    seen: list[dict[str, Any]] = field(default_factory=list)

    def look(self) -> None:
        """Ask what it was asked."""
        self.seen = httpx.get(f"{self.url.removesuffix('/v1')}/_seen", trust_env=False).json()


@contextmanager
def served(*arguments: str) -> Iterator[Served]:
    """Run the server for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.openai.server", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield Served(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """Append lines of the example to a file, for as long as the block lasts."""
    ended = threading.Event()
    lines = EXAMPLE.read_text().splitlines(keepends=True)

    def write() -> None:
        with path.open("a", buffering=1) as file:
            while not ended.wait(0.5):
                file.writelines(random.sample(lines, LINES_A_SECOND // 2))

    path.touch()
    writing = threading.Thread(target=write)
    writing.start()
    try:
        yield
    finally:
        ended.set()
        writing.join()


@pytest.mark.parametrize(
    "seconds",
    [
        SHORT_SECS,
        pytest.param(LONG_SECS, marks=[pytest.mark.soak, pytest.mark.timeout(LONG_SECS * 3)]),
    ],
)
def test_both_think_over_one_log_within_budget_and_cite_only_what_they_were_shown(
    perpetua: Perpetua, stored: Recorder, tmp_path: Path, seconds: int
) -> None:
    log = tmp_path / "growing.log"
    with served("--fault", "invented", "--fault", "429", "--every", "4") as server:
        perpetua.env |= {
            "PERPETUA_THINKERS": json.dumps(
                {"large": {"base_url": server.url, "model": "gpt-4o", "retries": 1}}
            )
        }
        with growing(log), perpetua.up(log) as up:
            spawn(up)
            time.sleep(seconds)
            until(lambda: told(stored, HypothesisRaised, MODEL), "the model supposes")
            until(lambda: told(stored, HypothesisRaised), "the root supposes")
            up.interrupt()
        server.look()
    assert perpetua.errors.count("Traceback") == 0

    sources = {e.persona_id: set[str]() for e, _ in thoughts(stored)}
    for thought, _ in thoughts(stored):
        sources[thought.persona_id].add(thought.thinker.source)
    assert sources[ROOT] == {"statistical"}
    assert "openai" in sources[MODEL]
    assert_costs(stored, server.seen)
    assert_shown(stored, server.seen)
    assert_cited(stored)


def spawn(up: Up) -> None:
    policy = {
        "max_spawn_depth": 0, "max_branching_factor": 0, "token_budget_per_minute": 100_000,
        "compute_ms_per_minute": 60_000, "idle_ttl_secs": 3_600, "share_memory": False,
        "allowed_tools": ["notify"],
    }  # fmt: skip
    persona = {
        "persona_id": MODEL, "name": "Model", "role": "analyst", "charter": "Say what fails.",
        "swarm_id": "swarm-core", "policy": policy, "tags": ["thinker:large"],
    }  # fmt: skip
    until(lambda: up.get("/v1/swarm/personas"), "the root is there")
    with up.client() as client:
        client.post("/v1/swarm/personas", json=persona).raise_for_status()


def assert_costs(stored: Recorder, seen: Sequence[dict[str, Any]]) -> None:
    """All the server counted is in the thoughts, and all of that was settled."""
    used = [t.usage for t, _ in thoughts(stored, MODEL)]
    truly = [call["usage"] for call in seen if call["usage"]]
    assert sum(u.prompt_tokens for u in used) == sum(u["prompt_tokens"] for u in truly)
    assert sum(u.completion_tokens for u in used) == sum(u["completion_tokens"] for u in truly)
    stream = persona_stream(MODEL)
    spent = [s for e in told(stored, BudgetSettled) for s in e.spent if s.holder == stream]
    assert 0 < sum(s.tokens for s in spent) <= sum(u.tokens for u in used)
    by_minute: dict[str, int] = {}
    for thought, _ in thoughts(stored, MODEL):
        minute = f"{thought.occurred_at:%H:%M}"
        by_minute[minute] = by_minute.get(minute, 0) + thought.usage.tokens
    assert max(by_minute.values()) <= 100_000


def assert_shown(stored: Recorder, seen: Sequence[dict[str, Any]]) -> None:
    """What a thought says it was shown is what was sent, line by line."""
    sent = {}
    for call in seen:
        parts = {name: call["body"].get(name) for name in ("messages", "response_format")}
        sent[hashlib.sha256(encoded(parts).encode()).hexdigest()] = call["body"]["messages"]
    checked = 0
    for thought, recorded in thoughts(stored, MODEL):
        if thought.thinker.source != "openai":
            continue
        document = json.loads(sent[str(thought.thinker.prompt_hash)][1]["content"])
        said = shown_to(stored, recorded, privacy.Readable(None, None))
        lines = {text for each in said if each.ref.tier == "input" for _, text in each.lines}
        assert {each["text"] for each in document.get("lines", [])} <= lines
        read = sum(len(each.lines) for each in said if each.ref.tier == "input")
        assert read == len(document.get("lines", []))
        memories = [each for each in said if each.ref.tier != "input"]
        assert len(memories) == len(document.get("memories", []))
        checked += read > 0
    assert checked > 0


def assert_cited(stored: Recorder) -> None:
    """No evidence of the model's is anything it was not shown."""
    shown: dict[str, set[str]] = {}
    for thought, _ in thoughts(stored, MODEL):
        shown[thought.event_id] = pieces(c.ref for c in thought.context_refs)
    cited = 0
    for kind in (HypothesisRaised, CheckRequested, ProposalCreated):
        for event in told(stored, kind, MODEL):
            refs = pieces(getattr(event, "evidence_refs", ()))
            assert refs <= shown[str(event.causation_id)]
            cited += len(refs)
    assert cited > 0


def pieces(refs: Any) -> set[str]:
    """Return every line, and every memory, that references name."""
    every = list(refs)
    lines = {f"{at}#{n}" for at, numbers in lines_of(every).items() for n in numbers}
    return lines | {ref for ref in every if not read_reference(ref).spans}


def thoughts(
    stored: Recorder, persona_id: str | None = None
) -> list[tuple[ThoughtGenerated, Recorded]]:
    found = map(to_recorded, stored.read(0, 100_000, topics=[ThoughtGenerated.topic]))
    every = [(r.event, r) for r in found if isinstance(r.event, ThoughtGenerated)]
    return [(e, r) for e, r in every if persona_id in (None, e.persona_id)]


def told(stored: Recorder, kind: type[E], persona_id: str | None = None) -> list[E]:
    found = (to_recorded(each).event for each in stored.read(0, 100_000, topics=[kind.topic]))
    every = [event for event in found if isinstance(event, kind)]
    return [event for event in every if persona_id in (None, event.persona_id)]
