"""Sees that events are of the store that was meant."""

from collections.abc import Callable

from services.bus.client import Incoming
from services.bus.record import NotAnEvent


class Origin:
    """Whose events have come; asks once for each store, as long as it stays the same."""

    def __init__(self, belongs: Callable[[str], None]) -> None:
        """`belongs` is told a `ce_source`, and raises if it is not the right one."""
        self._belongs = belongs
        self._of: bytes | None = None

    def see(self, record: Incoming) -> None:
        """Let a record pass, or raise what `belongs` raises.

        Raises:
            NotAnEvent: it names no store.
        """
        of = next((value for name, value in record.headers if name == "ce_source"), None)
        if of is None:
            where = f"offset {record.offset} of {record.topic}, partition {record.partition}"
            raise NotAnEvent(f"{where}: no ce_source")
        if of != self._of:
            self._belongs(of.decode(errors="replace"))
            self._of = of
