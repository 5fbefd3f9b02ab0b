"""How fast something grows, from looking at its count now and then."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Final

SPAN_SECS: Final = 10.0
"""A rate is that of so many last seconds, or since it was looked at first."""
SHORTEST_SECS: Final = 0.5
"""Looked at again within so short a time, the last rate stands."""
MOST: Final = 10_000
"""Most counts kept; those looked at longest ago are forgotten."""


class Meter:
    """Rates of counts by name. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds, never going back."""
        self._clock = clock
        self._looks: OrderedDict[Hashable, deque[tuple[float, int]]] = OrderedDict()
        self._lock = threading.Lock()

    def per_second(self, name: Hashable, count: int) -> float | None:
        """Take note of a count; return how fast it grows, None at the first look."""
        now = self._clock()
        with self._lock:
            looks = self._looks.setdefault(name, deque())
            self._looks.move_to_end(name)
            if len(self._looks) > MOST:
                self._looks.popitem(last=False)
            if not looks or now - looks[-1][0] >= SHORTEST_SECS:
                looks.append((now, count))
            while len(looks) > 2 and looks[1][0] <= now - SPAN_SECS:
                looks.popleft()
            if len(looks) < 2:
                return None
            (since, before), (last, latest) = looks[0], looks[-1]
        return max(0.0, (latest - before) / (last - since))
