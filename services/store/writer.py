"""The writing connection: opened when needed, replaced when lost, and what each fault means."""

from collections.abc import Callable, Sequence
from itertools import chain, repeat
from time import monotonic, sleep
from typing import Final

from eventsourcing.persistence import DataError

from services.store.connect import INDEXED, connect, refusal
from services.store.errors import OutcomeUnknown, StoreUnavailable
from services.store.heads import Heads
from services.store.job import Job
from services.store.transaction import STATEMENTS, transact
from services.store.wire import Disconnected, Failed, Wire

_PAUSES: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds before each attempt; the last one again and again."""
_PASSING: Final = ("40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03")
"""What another attempt can change: conflicts, cancellation, a server going down or coming up."""
_SETTINGS: Final = {
    **INDEXED,
    "plan_cache_mode": "force_generic_plan",
    "idle_in_transaction_session_timeout": "5s",  # a stopped process loses the commit lock
    "statement_timeout": "0",
    "lock_timeout": "0",
}


class Writer:
    """Stores groups of saves, whatever happens to the connection meanwhile."""

    def __init__(
        self,
        conninfo: str,
        reconnect_seconds: float,
        revive: Callable[[], object] | None = None,
    ) -> None:
        """`revive` is called before connecting anew: it may start the server."""
        self._conninfo = conninfo
        self._reconnect_seconds = reconnect_seconds
        self._revive = revive
        self._wire: Wire | None = None
        self._heads = Heads()
        self._give_up_at = float("inf")

    def give_up_at(self, moment: float) -> None:
        """Stop trying at this moment of the monotonic clock."""
        self._give_up_at = moment

    def store(self, group: Sequence[Job]) -> int | None:
        """Give every job its outcome; return the last position if anything was written."""
        try:
            return self._persist(group)
        except StoreUnavailable as error:
            for job in group:
                kind = OutcomeUnknown if job.doubtful else StoreUnavailable
                job.outcome = kind(error.message, error.hint)
            return None
        except Exception as error:
            self.close()  # what is still on the wire belongs to nobody
            if len(group) == 1:
                group[0].outcome = DataError(str(error)) if isinstance(error, Failed) else error
                return None
        positions = [self.store([job]) for job in group]  # one must not take the others with it
        return max((position for position in positions if position is not None), default=None)

    def close(self) -> None:
        """Drop the connection."""
        if self._wire:
            self._wire.close()
            self._wire = None

    def _persist(self, group: Sequence[Job]) -> int | None:
        deadline = min(monotonic() + self._reconnect_seconds, self._give_up_at)
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            try:
                if pause:
                    sleep(pause)
                return transact(self._wire or self._open(anew=pause > 0), group, self._heads)
            except Failed as failure:
                if failure.sqlstate[:2] in ("22", "23"):  # the data of one of them
                    raise
                lost = refusal(failure.sqlstate, failure.message)
                if failure.sqlstate not in _PASSING:
                    raise lost from failure
            except Disconnected as failure:
                self.close()
                lost = refusal(None, str(failure))
            except StoreUnavailable as failure:
                lost = failure
            if monotonic() > min(deadline, self._give_up_at):
                raise lost
        raise AssertionError("unreachable")

    def _open(self, *, anew: bool) -> Wire:
        if anew and self._revive:
            self._revive()
        connection = connect(self._conninfo, _SETTINGS)
        try:
            self._wire = Wire(connection, STATEMENTS, lambda: monotonic() > self._give_up_at)
        except BaseException:
            connection.close()
            raise
        return self._wire
