"""A client of the stream that reads by the rules of the HTML standard (server-sent events)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

STREAM = "/v1/cognition/stream"


@dataclass
class Heard:
    """One event of the stream."""

    event: str
    id: str
    data: str

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.data)
        return told

    @property
    def type(self) -> str:
        return str(self.told["event_type"])


class Listener:
    """An open stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id = ""
        self.comments: list[str] = []
        self._lines = response.iter_lines()

    def events(self) -> Iterator[Heard]:
        event, data = "message", list[str]()
        for line in self._lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if line == "":
                if data:
                    yield Heard(event, self.last_id, "\n".join(data))
                event, data = "message", []
            elif name == "":
                self.comments.append(value)
            elif name == "event":
                event = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                self.last_id = value

    def take(self, count: int) -> list[Heard]:
        found = []
        for heard in self.events():
            found.append(heard)
            if len(found) == count:
                break
        return found

    def until_greeted(self) -> None:
        for line in self._lines:
            if line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")
            if line == "":
                return


@contextmanager
def listening(
    client: httpx.Client, last_event_id: str | None = None, query: str = ""
) -> Iterator[Listener]:
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    with client.stream("GET", f"{STREAM}{query}", headers=headers) as response:
        response.raise_for_status()
        yield Listener(response)
