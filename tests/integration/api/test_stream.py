"""The stream: live, resumed with nothing missed and nothing twice, and over when it must be."""

import random
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from services.api.stream_events import TOPICS
from tests.integration.api.listening import STREAM, Heard, listening
from tests.integration.api.serving import OPERATOR, Served, persona

PERSONAS = "/v1/swarm/personas"


def think(client: httpx.Client, content: str) -> None:
    body = {"phase": "observe", "content": content}
    client.post(f"{PERSONAS}/p1/thoughts", json=body).raise_for_status()


def begin(client: httpx.Client) -> None:
    client.post(PERSONAS, json=persona("p1")).raise_for_status()


def soon(condition: Any) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_live_stream_tells_what_happens_from_now_on(served: Served, client: httpx.Client) -> None:
    begin(client)
    think(client, "before")
    with served.client(None) as viewer, listening(viewer, query=f"?token={OPERATOR}") as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        stream.until_greeted()
        assert stream.last_id == str(served.app.recorder.head())
        think(client, "日本\n\u2028now")
        [heard] = stream.take(1)
    assert heard.event == "cognition"
    assert heard.id == str(served.app.recorder.head())
    told = heard.told
    assert set(told) == {"id", "event_type", "persona_id", "swarm_id", "timestamp", "payload"}
    assert told["payload"]["thinking"] == "日本\n\u2028now"
    assert told["payload"]["persona"] == {"id": "p1", "name": "N", "role": "r"}
    assert told["payload"]["thought_count"] == 2


def test_a_client_that_reconnects_misses_nothing_and_hears_nothing_twice(
    served: Served, client: httpx.Client
) -> None:
    begin(client)

    def write() -> None:
        with served.client() as writer:
            for number in range(150):
                think(writer, f"thought {number}")
                if number % 50 == 25:
                    name = persona(f"q{number}")
                    writer.post(PERSONAS, json=name).raise_for_status()
                    writer.post(f"{PERSONAS}/q{number}/reap").raise_for_status()
            think(writer, "the last one")

    writing = threading.Thread(target=write)
    writing.start()
    heard, last, chance, connections = list[Heard](), "0", random.Random(7), 0
    while "the last one" not in (heard[-1].data if heard else ""):
        connections += 1
        with listening(client, last) as stream:
            for each in stream.events():
                heard.append(each)
                if chance.random() < 0.2 or "the last one" in each.data:
                    break
        last = heard[-1].id
    writing.join()
    stored = served.app.recorder.read(0, 10_000, topics=TOPICS)
    positions = [int(each.id.partition(".")[0]) for each in heard]
    assert positions == sorted(positions)
    assert set(positions) == {each.position for each in stored}
    ids = [each.told["id"] for each in heard]
    assert len(ids) == len(set(ids))
    thoughts = [h.told["payload"]["thinking"] for h in heard if h.type == "thought_generated"]
    assert thoughts[:-1] == [f"thought {number}" for number in range(150)]
    assert connections > 10


def test_two_messages_of_one_event_are_resumed_between(client: httpx.Client) -> None:
    begin(client)
    with listening(client, "0") as stream:
        client.post(f"{PERSONAS}/p1/reap").raise_for_status()
        spawned, compressed, updated, reaped = stream.take(4)
    assert [each.type for each in (spawned, compressed, updated, reaped)] == [
        "persona_spawned", "snapshot_compressed", "workspace_updated", "persona_reaped",
    ]  # fmt: skip
    assert compressed.id == f"{updated.id}.1"
    with listening(client, compressed.id) as stream:
        assert [each.type for each in stream.take(2)] == ["workspace_updated", "persona_reaped"]
    with listening(client, updated.id) as stream:
        assert [each.type for each in stream.take(1)] == ["persona_reaped"]


def test_the_query_serves_a_first_connection_and_the_header_counts_more(
    client: httpx.Client,
) -> None:
    begin(client)
    for number in range(3):
        think(client, str(number))
    with listening(client, query="?last_event_id=0") as stream:
        found = stream.take(4)
    with listening(client, found[2].id, query="?last_event_id=0") as stream:
        assert stream.take(1)[0].id == found[3].id


def test_an_id_from_beyond_the_end_goes_on_at_the_end(client: httpx.Client) -> None:
    begin(client)
    with listening(client, "999999") as stream:
        stream.until_greeted()
        think(client, "now")
        assert stream.take(1)[0].told["payload"]["thinking"] == "now"


@pytest.mark.parametrize("wrong", ["x", "-1", "1.0", "1.2.3", "1e3", "9" * 19, "\u0661"])
def test_an_id_that_is_none_is_422(shared_client: httpx.Client, wrong: str) -> None:
    response = shared_client.get(STREAM, headers=[(b"Last-Event-ID", wrong.encode())])
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


def test_a_stop_with_a_reason_is_told(client: httpx.Client) -> None:
    client.post("/v1/cognition/start").raise_for_status()
    with listening(client) as stream:
        stream.until_greeted()
        client.post("/v1/cognition/stop", json={"reason": "maintenance"}).raise_for_status()
        [heard] = stream.take(1)
    assert (heard.type, heard.told["persona_id"]) == ("check_result", None)
    assert heard.told["payload"] == {"stopped": True, "reason": "maintenance"}


def test_silence_is_broken_by_comments(served: Served, client: httpx.Client) -> None:
    served.api.state.streams.keep_alive_secs = 0.1
    begin(client)
    with listening(client) as stream:
        time.sleep(1)
        think(client, "now")
        stream.take(1)
    assert stream.comments.count("keep-alive") >= 3


def test_a_client_that_leaves_leaves_nothing_running(served: Served, client: httpx.Client) -> None:
    assert soon(lambda: any("Watching._work" in task for task in served.tasks()))
    before = served.tasks()
    for _ in range(5):
        with listening(client) as stream:
            stream.until_greeted()
            assert len(served.tasks()) > len(before)
    assert soon(lambda: len(served.tasks()) <= len(before)), served.tasks() - before


def test_a_server_that_closes_ends_its_streams(served: Served, client: httpx.Client) -> None:
    with listening(client) as stream:
        stream.until_greeted()
        served.loop.call_soon_threadsafe(served.api.state.streams.close)
        assert list(stream.events()) == []


def test_a_live_client_that_is_too_slow_skips_to_the_end_and_is_told(
    served: Served, client: httpx.Client
) -> None:
    served.api.state.streams.most_behind = 5
    begin(client)
    with slow_client(served) as slow:
        read_until(slow, b"connected")
        before = served.app.recorder.head()
        for _ in range(60):
            think(client, "x" * 400_000)
        time.sleep(1.5)
        heard = read_until(slow, b"event: lag")
        think(client, "the last one")
        heard += read_until(slow, b"the last one")
    lag = heard[heard.index(b"event: lag") :].split(b"\n")[1]
    skipped = int(lag.removeprefix(b"data: skipped "))
    assert skipped > 5
    told = heard.count(b"thought_generated")
    assert told + skipped == served.app.recorder.head() - before


def test_a_slow_client_that_resumes_misses_nothing(served: Served, client: httpx.Client) -> None:
    served.api.state.streams.most_behind = 5
    begin(client)
    for _ in range(60):
        think(client, "x" * 400_000)
    with slow_client(served, "&last_event_id=0") as slow:
        time.sleep(1)
        for number in range(20):
            think(client, f"meanwhile {number}")
        think(client, "the last one")
        heard = read_until(slow, b"the last one")
    assert b"event: lag" not in heard
    assert heard.count(b"thought_generated") == 81


def slow_client(served: Served, query: str = "") -> socket.socket:
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    host = urlsplit(served.url)
    slow.connect((host.hostname, host.port))
    slow.settimeout(20)
    request = f"GET {STREAM}?token={OPERATOR}{query} HTTP/1.1\r\nHost: x\r\n\r\n"
    slow.sendall(request.encode())
    return slow


def read_until(slow: socket.socket, wanted: bytes) -> bytes:
    heard = bytearray()
    while wanted not in heard[-1_000_000:] and (part := slow.recv(1_000_000)):
        heard += part
    return bytes(heard)
