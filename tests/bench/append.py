"""Durable append through the whole write path, beside the stock library and the raw floor."""

import asyncio
from collections.abc import Iterator

from tests.bench import fabric
from tests.bench.store_floor import raw_floor, stock

WRITERS = 64
SECONDS = 6.0
GOALS = {1: ("12,000 events/s, 10 times stock", 10), 10: ("20,000 events/s, 3 times stock", 3)}


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal); all of one run, so that the ratios stand."""
    with fabric.server() as conninfo:
        floor = raw_floor(fabric.database(conninfo, "floor"), SECONDS)
        yield "raw floor: insert by unnest, no checks", f"{floor:,.0f} events/s", ""
        for size, (goal, _) in GOALS.items():
            plain = stock(fabric.database(conninfo, f"stock_{size}"), SECONDS, size)
            name = fabric.database(conninfo, f"ours_{size}")
            with fabric.executor(name, WRITERS) as made:
                asyncio.run(fabric.storm(made, WRITERS, size, 1.0))
                ours = asyncio.run(fabric.storm(made, WRITERS, size, SECONDS))
            rate = ours.events_per_second
            yield (
                f"append, {size} a save, {WRITERS} writers",
                f"{rate:,.0f} events/s, p50 {ours.p50_ms:.1f} ms, p99 {ours.p99_ms:.1f} ms;"
                f" {rate / plain:.1f} times stock ({plain:,.0f}), {rate / floor:.2f} of the floor",
                goal,
            )
