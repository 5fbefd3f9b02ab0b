"""A circuit breaker: who fails again and again is left alone for a while, longer each time.

Of the libraries, pybreaker and circuitbreaker have no single probe under asyncio, aiobreaker is
no longer kept, and purgatory's pause does not grow; none can be stopped for good (ADR 19).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from services.clock import now

OPENS_AFTER = 5
"""Failures in a row that open it."""
FIRST_PAUSE_SECS = 5.0
LONGEST_PAUSE_SECS = 300.0
"""The pause doubles up to this while probes fail."""


@dataclass(frozen=True, slots=True)
class CircuitState:
    """How a circuit stands, to be shown."""

    state: str
    """closed (all is well), open, half-open (one call may try) or stopped (until a restart)."""
    why: str | None = None
    """What went wrong last; null while it is closed and nothing did."""
    again_after_secs: float | None = None
    """Time until the next call may be made; null unless it is open."""
    since: datetime | None = None
    """When it opened or was stopped, UTC; null while it is closed."""


class CircuitOpen(Exception):
    """No call may be made now."""

    def __init__(self, state: CircuitState) -> None:
        super().__init__(f"{state.state} after: {state.why}")
        self.state = state


class Circuit:
    """Opens after failures in a row; then one call at a time tries. Of one event loop."""

    def __init__(
        self,
        opens_after: int = OPENS_AFTER,
        first_pause_secs: float = FIRST_PAUSE_SECS,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = now,
    ) -> None:
        self._opens_after = opens_after
        self._first_pause_secs = first_pause_secs
        self._clock = clock
        self._now = now
        self._since: datetime | None = None
        self._failures = 0
        self._pause_secs = 0.0
        self._opens_again = 0.0
        self._probing = False
        self._stopped = False
        self._why: str | None = None

    @property
    def state(self) -> CircuitState:
        """How it stands now."""
        if self._stopped:
            return CircuitState("stopped", self._why, since=self._since)
        if not self._pause_secs:
            return CircuitState("closed", self._why)
        left = self._opens_again - self._clock()
        if left > 0:
            return CircuitState("open", self._why, left, self._since)
        return CircuitState("half-open", self._why, since=self._since)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let one call pass.

        Raises:
            CircuitOpen: none may be made now.
        """
        state = self.state
        probe = state.state == "half-open"
        if state.state in ("open", "stopped") or (probe and self._probing):
            raise CircuitOpen(state)
        self._probing = self._probing or probe
        try:
            yield
        finally:
            if probe:
                self._probing = False

    def succeeded(self) -> None:
        """A call was answered."""
        if self._stopped:
            return
        self._failures = 0
        self._pause_secs = 0.0
        self._why = self._since = None

    def failed(self, why: str) -> None:
        """A call failed; while it is open, those that began before do not prolong the pause."""
        if self._stopped or self.state.state == "open":
            return
        self._failures += 1
        self._why = why
        if self._pause_secs:
            self._pause_secs = min(LONGEST_PAUSE_SECS, self._pause_secs * 2)
        elif self._failures >= self._opens_after:
            self._pause_secs = self._first_pause_secs
            self._since = self._now()
        self._opens_again = self._clock() + self._pause_secs

    def stop(self, why: str) -> None:
        """Open it until a restart."""
        if not self._stopped:
            self._since = self._now()
        self._stopped = True
        self._why = why
