"""What a read model is: a table, and a pure fold that says what events change in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from domain.recorded import Recorded
from projections.statement import Statement

Cursor = psycopg.Cursor[dict[str, Any]]
"""Where queries are asked: rows come as dictionaries."""


@dataclass(frozen=True, slots=True)
class View:
    """One read model. It can be deleted at any time, and comes back equal from the events."""

    name: str
    version: int
    """Raised with every change of `ddl` or `fold`; a view of another version is built anew."""
    table: str
    """The one table it fills; nothing else writes there."""
    ddl: str
    """SQL that makes the table and its indexes."""
    topics: frozenset[str]
    """Event classes it reads; it is given no others."""
    fold: Callable[[Sequence[Recorded]], Sequence[Statement]]
    """What a batch changes. Pure; each event is given once, in the order of the positions.

    Applying it twice would count twice: the checkpoint, saved with the rows, sees to it that no
    batch is. Cutting the events into other batches changes nothing.
    """
