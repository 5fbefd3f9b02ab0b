"""The versions streams stand at, remembered from commit to commit while nobody else writes."""

from collections.abc import Iterable
from typing import Final

_STREAMS: Final = 50_000
"""Streams remembered at most; when there are more, all are forgotten and asked for again."""


class Heads:
    """Versions as of a position. Every write moves the position, so while it stands they hold.

    Where others write too, remembering is in vain: then nothing is offered until a position was
    found unmoved again.
    """

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}
        self._position = -1
        self._alone = False

    def unknown(self, streams: Iterable[str]) -> list[str]:
        """Return the streams whose versions have to be asked for."""
        if not self._alone:
            return list(streams)
        return [stream for stream in streams if stream not in self._versions]

    def hold(self, position: int) -> bool:
        """Tell whether nobody has written since; if somebody has, forget all."""
        self._alone = position == self._position
        if not self._alone:
            self._versions.clear()
        return self._alone

    def recall(self, streams: Iterable[str]) -> dict[str, int]:
        """Return the versions remembered of these streams."""
        versions = self._versions
        return {stream: versions[stream] for stream in streams if stream in versions}

    def remember(self, position: int, versions: dict[str, int]) -> None:
        """Keep the versions of streams as of a position we have just committed."""
        if len(self._versions) > _STREAMS:
            self._versions.clear()
        self._versions.update(versions)
        self._position = position
