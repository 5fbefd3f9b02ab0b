"""Writes the same few streams from many threads, in conflict with others that do so too.

Arguments: URL, threads, saves of each thread, name. Waits for a line on standard input, then prints
every acknowledged save as JSON: its positions, and stream and version of its first event.
"""

import json
import random
import sys
import threading

from services.store.errors import VersionConflict
from services.store.recorder import Recorder
from tests.integration.store.making import save

STREAMS = 8


def write(store: Recorder, saves: int, done: list[tuple[tuple[int, ...], str, int]]) -> None:
    rng = random.Random()
    expected = [0] * STREAMS
    while saves:
        n = rng.randrange(STREAMS)
        count = rng.randrange(1, 4)
        attempt = save(f"shared-{n}", expected[n] + 1, count)
        try:
            positions = store.submit(attempt).result()
        except VersionConflict as refused:
            expected[n] = refused.actual
        else:
            done.append((positions, f"shared-{n}", expected[n] + 1))
            expected[n] += count
            saves -= 1


def main(url: str, threads: int, saves: int) -> None:
    done: list[tuple[tuple[int, ...], str, int]] = []
    with Recorder(url) as store:
        sys.stdin.readline()
        writers = [
            threading.Thread(target=write, args=(store, saves, done)) for _ in range(threads)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    print(json.dumps(done))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
