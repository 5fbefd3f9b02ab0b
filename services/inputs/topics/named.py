"""Topics as a person names them: checked before anything is written."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.bus import topics
from services.bus.client import Client
from services.bus.errors import BusUnavailable
from services.inputs.errors import UnreadableInput

LATEST: Final = "@latest"
"""What is put behind a name to begin with what comes from now; no topic's name can have it."""
_LEGAL: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")


@dataclass(frozen=True, slots=True)
class NamedTopic:
    """A topic to read from."""

    name: str
    latest: bool = False
    """Whether what it holds at the very first start is passed over."""

    def source(self, partition: int) -> str:
        """Return the source of a partition's lines, as in events: each is a log of its own."""
        return f"kafka:{self.name}/{partition}"


def named(texts: Iterable[str]) -> Sequence[NamedTopic]:
    """Read topics as `TOPIC` or `TOPIC@latest`, each once.

    Raises:
        UnreadableInput: one can't be a topic's name, is one of ours, or is named in both ways.
    """
    ours = {each.name for each in topics.wanted(1)}
    found: dict[str, NamedTopic] = {}
    for text in texts:
        name = text.removesuffix(LATEST)
        if not _LEGAL.fullmatch(name):
            raise UnreadableInput(
                f"{text!r} can't be a Kafka topic: name one by letters, digits, '.', '_' and '-',"
                f" with {LATEST} behind it to begin with what comes from now"
            )
        if name in ours:
            raise UnreadableInput(
                f"{name} is a topic of Perpetua's own: read as an input it would feed itself for"
                " ever; name a topic of yours"
            )
        topic = NamedTopic(name, text != name)
        if found.setdefault(name, topic) != topic:
            raise UnreadableInput(f"{name} is named with {LATEST} and without; choose one")
    return list(found.values())


def refuse_missing(client: Client, wanted: Sequence[NamedTopic], servers: str) -> None:
    """See that every topic is there, if Kafka answers; none is made.

    Raises:
        UnreadableInput: one is not.
    """
    names = [each.name for each in wanted]
    try:
        admin = client.admin()
        try:
            there = admin.topics(names)
        finally:
            admin.close()
    except BusUnavailable:
        return  # who follows them waits until it answers, and says so
    for name in names:
        if name not in there:
            raise UnreadableInput(
                f"Kafka at {servers} has no topic {name}; check its name, or make it first:"
                " it is not made here"
            )
