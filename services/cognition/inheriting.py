"""What ended children leave a persona: it comes in, is taken in by a thought, and is distilled."""

from collections.abc import Collection, Sequence

from domain.thinking import Memory


class Inheritance:
    """What one persona inherits."""

    def __init__(self) -> None:
        self._waiting: list[Memory] = []
        self._taken: list[str] = []

    @property
    def waiting(self) -> Sequence[Memory]:
        """What no thought has taken in yet, oldest first."""
        return self._waiting

    @property
    def facts(self) -> Sequence[str]:
        """What was taken in since it was last distilled."""
        return self._taken

    def bring(self, memory: Memory) -> None:
        """A child has ended and left this."""
        self._waiting.append(memory)

    def take(self, shown: Collection[str]) -> None:
        """A thought was shown these references."""
        taken = [memory for memory in self._waiting if memory.ref in shown]
        self._taken += [fact for memory in taken for fact in (memory.text, *memory.facts)]
        self._waiting = [memory for memory in self._waiting if memory.ref not in shown]

    def distilled(self) -> None:
        """All that was taken in is in a snapshot."""
        self._taken = []
