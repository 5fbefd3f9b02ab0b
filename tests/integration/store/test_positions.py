"""The total order, with many threads of several processes in conflict."""

import json

from services.store.recorder import Recorder
from tests.integration.store.making import output, run_python, save

PROCESSES, THREADS, SAVES = 3, 22, 10


def test_positions_have_no_gaps_and_every_acknowledged_save_is_where_it_was_said_to_be(
    database: str, store: Recorder
) -> None:
    writers = [run_python("contending_writer", database, THREADS, SAVES) for _ in range(PROCESSES)]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    acknowledged = [each for writer in writers for each in json.loads(output(writer))]

    stored = store.read(0, 10_000)
    assert [event.position for event in stored] == list(range(1, len(stored) + 1))
    assert len(acknowledged) == PROCESSES * THREADS * SAVES
    assert sum(len(positions) for positions, _, _ in acknowledged) == len(stored)
    for positions, stream, first in acknowledged:
        for n, position in enumerate(positions):
            event = stored[position - 1]
            assert (event.stream, event.version) == (stream, first + n)
    for stream in {event.stream for event in stored}:
        versions = [event.version for event in stored if event.stream == stream]
        assert versions == list(range(1, len(versions) + 1))


def test_followers_in_other_processes_miss_nothing_while_several_write(database: str) -> None:
    """What a follower reads at any moment is all there will ever be up to there."""
    total = 3_000
    followers = [run_python("follower", database, total, way) for way in ("library", "batches")]
    for follower in followers:
        assert follower.stdout and follower.stdout.readline() == "following\n"
    stores = [Recorder(database) for _ in range(3)]
    futures = [stores[n % 3].submit(save(f"s{n}")) for n in range(total)]
    assert sorted(future.result()[0] for future in futures) == list(range(1, total + 1))
    for follower in followers:
        assert json.loads(output(follower)) == list(range(1, total + 1))
    for store in stores:
        store.close()
