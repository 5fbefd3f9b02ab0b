"""The way of an event from its durable append into a consumer's hands, at a steady rate.

Writer, relay and consumer are processes of their own, as they are where it matters; all three read
the machine's one monotonic clock.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from services.bus import topics
from services.bus.connect import client as client_of
from services.bus.settings import BusSettings
from services.executor import Executor
from services.store.recorder import Recorder
from tests.bench import fabric
from tests.e2e.process import PERPETUA, until
from tests.integration.bus.publishing import delete_topics
from tests.kafka import local_broker

GOALS_MS = {"kafka-python": 300, "librdkafka": 100}
RATE = 500
SECONDS = 12.0
WARM_SECS = 4.0
SWARMS = 24
PARTITIONS = 12


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal)."""
    with fabric.server() as conninfo, local_broker() as broker:
        for name, goal in GOALS_MS.items():
            p50, p99 = _measured(conninfo, broker.bootstrap, name)
            yield (
                f"append to a consumer's hands, {name}, {RATE} events/s in {SWARMS} swarms",
                f"p50 {p50:.0f} ms, p99 {p99:.0f} ms",
                f"p99 {goal} ms",
            )


def _measured(conninfo: str, bootstrap: str, name: str) -> tuple[float, float]:
    delete_topics(bootstrap)
    admin = client_of(bootstrap, BusSettings()).admin()
    topics.create(admin, PARTITIONS, BusSettings())
    admin.close()
    database = fabric.database(conninfo, f"latency_{name.replace('-', '_')}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = stack.enter_context(fabric.executor(database, SWARMS, SWARMS))
        taken = folder / "taken"
        _start(stack, [PERPETUA, "relay"], folder, database, bootstrap, name)
        _start(
            stack, [sys.executable, "-m", "tests.bench.hands", taken],
            folder, database, bootstrap, name,
        )  # fmt: skip
        head = made.recorder.head()
        until(lambda: taken.exists() and head in _read(taken), "the consumer has what there was")
        appended = asyncio.run(_append(made))
        until(lambda: appended.keys() <= _read(taken).keys(), "all came")
        came = _read(taken)
    warm = min(appended.values()) + WARM_SECS
    waits = sorted((came[p] - at) * 1000 for p, at in appended.items() if at > warm)
    return waits[len(waits) // 2], waits[len(waits) * 99 // 100]


async def _append(made: Executor) -> dict[int, float]:
    """Append at a steady rate; return when each position was known to be durable."""
    durable: dict[int, float] = {}
    recorder: Recorder = made.recorder

    async def one(number: int) -> None:
        await fabric.think(made, f"persona-{number % SWARMS}", 1)

    watch = asyncio.create_task(_watch(recorder, durable))
    began, tasks = time.monotonic(), []
    for number in range(int(RATE * SECONDS)):
        tasks.append(asyncio.create_task(one(number)))
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
    await asyncio.gather(*tasks)
    await asyncio.sleep(0.2)
    watch.cancel()
    return durable


async def _watch(recorder: Recorder, durable: dict[int, float]) -> None:
    """Note when positions become known, as the commit tells of them."""
    last = recorder.head()
    while True:
        head = await asyncio.to_thread(recorder.wait_beyond, last, lambda: False, 0.5)
        now = time.monotonic()
        for position in range(last + 1, (head or last) + 1):
            durable[position] = now
        last = head or last


def _start(
    stack: ExitStack, command: list[object], folder: Path, database: str, bootstrap: str, name: str
) -> None:
    variables = {
        "PERPETUA_HOME": str(folder / "home"),
        "PERPETUA_DATABASE_URL": database,
        "PERPETUA_KAFKA": bootstrap,
        "PERPETUA_BUS__CLIENT": name,
    }
    process = subprocess.Popen(
        [str(part) for part in command], env=os.environ | variables, stdout=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.kill)


def _read(taken: Path) -> dict[int, float]:
    lines = taken.read_text().splitlines()
    return {position: at for position, at in map(json.loads, lines) if position}
