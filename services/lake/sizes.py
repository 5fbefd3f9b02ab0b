"""How large the parts of a lake grow before something is done with them."""

from dataclasses import dataclass
from typing import Final

from services.lake.rows import ROWS

FANOUT: Final = 8
"""Files of one tier of sizes that become one; how many times larger the next tier's are."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of one export."""

    rows: int = ROWS
    """Rows that wait before they become columns."""
    batch_bytes: int = 64 * 1024 * 1024
    """Rows of one batch of new files, in memory, from which it is handed over."""
    file_bytes: int = 64 * 1024 * 1024
    """Rows of one file, in memory; what is over half of it is left alone."""

    @property
    def smallest_bytes(self) -> int:
        """Up to what size in memory files are of the lowest of five tiers."""
        return self.file_bytes // FANOUT**4


USUAL: Final = Sizes()
