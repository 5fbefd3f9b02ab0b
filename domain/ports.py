"""What the domain needs of the world. Adapters live in `services/`."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from domain.budget import Credits
from domain.recorded import Recorded, Stored
from domain.thinking import Memory, ThinkRequest, ThinkResult

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray


class Thinker(Protocol):
    """Thinks one step in one call. May be slow, may fail, may use no more than was reserved."""

    async def fit(self, request: ThinkRequest) -> ThinkRequest:
        """Return the request with what of it will be shown: no more than `room_bytes` hold.

        The last line is always kept: it tells how far the persona has read.
        """
        ...

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait for a place among the calls under way.

        Raises:
            Unanswered: there will be none.
        """
        ...

    def worst_case(self, request: ThinkRequest) -> Credits:
        """Tell the most one call with this request may use."""
        ...

    async def think(self, request: ThinkRequest) -> ThinkResult:
        """Answer one request, by one call.

        Raises:
            Unanswered: no answer came.
            Malformed: one came that is not as it was asked for.
        """
        ...

    async def recall(self, request: ThinkRequest) -> None:
        """Take in lines the persona saw before this process began; no call, no event."""
        ...

    def forget(self, persona_id: str) -> None:
        """Drop what is kept for a persona that has been reaped."""
        ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a reader of one partition goes on."""

    position: int = 0
    """Last position it has taken in."""
    marks: Mapping[str, int] = field(default_factory=dict)
    """The source's own notes on where to go on: of Kafka topic to offset, of the store none."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event, and the offset it was read at if its source has offsets."""

    stored: Stored
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events of one partition that follow each other, nothing left out."""

    partition: int
    start: Checkpoint
    steps: Sequence[Step]
    upto: int
    """Position it reaches: that of its last event or, where none is left to come, beyond."""

    @property
    def end(self) -> Checkpoint:
        """Where a reader goes on that has taken it in."""
        read = {s.stored.topic: s.offset + 1 for s in self.steps if s.offset is not None}
        return Checkpoint(self.upto, {**self.start.marks, **read})

    def split(self, count: int) -> "tuple[Stretch, Stretch]":
        """Cut it behind so many events."""
        first, rest = self.steps[:count], self.steps[count:]
        head = Stretch(self.partition, self.start, first, first[-1].stored.position)
        return head, Stretch(self.partition, head.end, rest, self.upto)


class EventSource(Protocol):
    """Events by partition, each once and in order: from the store, or from Kafka.

    Which partitions are its own to read is the source's to say, and may change at any time.
    """

    def take(self, timeout_secs: float) -> Sequence[Stretch]:
        """Return what follows what was returned before; wait if there is nothing."""
        ...

    def again(self, partition: int) -> None:
        """Go on in a partition from its checkpoint: somebody else has moved it."""
        ...

    def leave(self, partition: int) -> None:
        """Read no more of a partition: something in it can't be taken in."""
        ...

    def close(self) -> None:
        """Give its partitions to others."""
        ...


@dataclass(frozen=True, slots=True)
class Acted:
    """What an actuator did."""

    outcome: str
    """success, failure or unknown."""
    result: dict[str, object]


class Actuator(Protocol):
    """Carries out one tool. Leaves the idempotency key where it acts, so that it can be asked."""

    def act(self, target: str, arguments: dict[str, object], key: str) -> Acted:
        """Do it, unless something with this key was done before."""
        ...

    def was_done(self, target: str, key: str) -> Acted | None:
        """Tell whether something with this key was done; None if it was not."""
        ...


class HotMemory(Protocol):
    """The last thoughts of each persona, in process."""

    def recent(self, persona_id: str, count: int) -> Sequence[Recorded]:
        """Return the newest thoughts of a persona, oldest first."""
        ...


class Embedder(Protocol):
    """Makes one vector a text, alike for texts that mean alike."""

    @property
    def id(self) -> str:
        """Names model, version and dimension: vectors of two ids can't be compared."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        ...

    @property
    def batch(self) -> int:
        """Texts that are best given at once."""
        ...

    def embed(self, texts: Sequence[str]) -> "NDArray[float32]":
        """Return one row a text, of length 1 or all zeros. May be slow; safe from any thread.

        The same text has the same vector, whatever it comes with. Too long a text is cut.
        """
        ...


class WarmMemory(Protocol):
    """Indexed thoughts for retrieval."""

    async def search(self, reader: str, query: str, count: int) -> Sequence[Memory]:
        """Return the best matches the reader may see, best first."""
        ...


class ColdMemory(Protocol):
    """States of mind."""

    async def latest(self, reader: str, persona_id: str) -> Memory | None:
        """Return the newest snapshot of a persona that the reader may see."""
        ...
