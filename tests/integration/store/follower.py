"""Follows the store up to a position and prints every position it saw, as JSON.

Arguments: URL, last position, `library` (the blocking subscription) or `batches` (the async one).
Prints a line once it is following.
"""

import asyncio
import json
import sys

from services.store.recorder import Recorder


def by_library(store: Recorder, upto: int) -> list[int]:
    seen: list[int] = []
    with store.subscribe(gt=0) as subscription:
        for notification in subscription:
            seen.append(notification.id)
            if notification.id >= upto:
                break
    return seen


async def in_batches(store: Recorder, upto: int) -> list[int]:
    seen: list[int] = []
    async for batch in store.follow(0):
        seen += [event.position for event in batch]
        if seen[-1] >= upto:
            break
    return seen


def main(url: str, upto: int, way: str) -> None:
    with Recorder(url) as store:
        print("following", flush=True)
        if way == "library":
            print(json.dumps(by_library(store, upto)))
        else:
            print(json.dumps(asyncio.run(in_batches(store, upto))))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
