"""What one persona has raised so far: nothing is news again before it has grown."""

from collections.abc import Collection
from typing import Final

MOST: Final = 8_192
"""Keys kept: those of what still holds, then the latest raised of the others."""
AGAIN_AT: Final = 2.0
"""What was raised is news anew once it has grown by this factor."""


class Raised:
    """Keys of findings and of watchers, and how much each counted when it was raised.

    Whether a step that raises them is saved shows only by the step that follows it: until then
    what was noted may be taken back.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._counts: dict[str, int] = {}
        self._before: dict[str, int | None] = {}
        """What counted before, of what may be taken back."""

    def __contains__(self, key: str) -> bool:
        return key in self._counts

    def is_news(self, key: str, count: int) -> bool:
        """Tell whether it was never raised, or has grown enough since."""
        before = self._counts.get(key)
        return before is None or count >= before * AGAIN_AT

    def note(self, key: str, count: int) -> None:
        """Take it as raised."""
        before = self._counts.pop(key, None)
        self._before.setdefault(key, before)
        self._counts[key] = count

    def keep(self) -> None:
        """What was noted is saved."""
        self._before.clear()

    def take_back(self) -> None:
        """What was noted since the last `keep` was not saved: it is news again."""
        for key, count in self._before.items():
            self._counts.pop(key, None)
            if count is not None:
                self._counts[key] = count
        self._before.clear()

    def let_go(self, holding: Collection[str]) -> None:
        """Forget the earliest raised of what holds no more, once it is too much."""
        if len(self._counts) > self._most:
            gone = [key for key in self._counts if key not in holding]
            for key in gone[: len(self._counts) - self._most]:
                del self._counts[key]
