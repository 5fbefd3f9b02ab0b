"""The stream of events over connections that break off."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from perpetua_client import AsyncClient, Client, Event


def event(cursor: int) -> str:
    told = {"id": "e", "event_type": "vote_cast", "persona_id": "p", "new": 1, "payload": {}}
    return f"id: {cursor}\nevent: cognition\ndata: {json.dumps(told)}\n\n"


CONNECTIONS = [
    ": connected\nid: 1\n\n",  # breaks off before anything happened
    event(2) + ": keep-alive\n\n" + event(3)[:-2],  # breaks off within an event
    event(3) + "event: lag\ndata: skipped 4\n\n" + event(8),
]


@contextmanager
def breaking_off() -> Iterator[tuple[str, list[str | None]]]:
    """Serve one connection after the other; tell where each client said it was."""
    asked: list[str | None] = []

    class Stream(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            asked.append(self.headers["Last-Event-ID"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CONNECTIONS[len(asked) - 1].encode())

    with ThreadingHTTPServer(("127.0.0.1", 0), Stream) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def told(events: list[Event]) -> list[tuple[str, str]]:
    return [(each["cursor"], each["event_type"]) for each in events]


EXPECTED = [("2", "vote_cast"), ("3", "vote_cast"), ("3", "lag"), ("8", "vote_cast")]
"""Each once; the lag has no place of its own."""


def test_a_stream_goes_on_after_the_last_event_that_came_whole() -> None:
    with breaking_off() as (url, asked), Client(url, trust_env=False) as client:
        events = client.events()
        heard = [next(events) for _ in EXPECTED]
        events.close()  # type: ignore[attr-defined]  # a generator, though declared an iterator
    assert told(heard) == EXPECTED
    assert asked == [None, "1", "2"]
    assert heard[2]["payload"] == {"detail": "skipped 4"}


async def test_an_awaited_stream_does_so_too() -> None:
    heard: list[Event] = []
    with breaking_off() as (url, asked):
        async with AsyncClient(url, trust_env=False) as client:
            events = client.events()
            async for each in events:
                heard.append(each)
                if len(heard) == len(EXPECTED):
                    break
            await events.aclose()
    assert told(heard) == EXPECTED
    assert asked == [None, "1", "2"]
