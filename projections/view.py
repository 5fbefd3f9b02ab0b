"""What a read model is: a table, and a pure fold that says what events change in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from domain.recorded import Recorded
from projections.statement import Statement

Row = dict[str, Any]
Cursor = psycopg.Cursor[Row]
"""Where queries are asked: rows come as dictionaries."""
Fold = Callable[[Sequence[Recorded]], Sequence[Statement]]


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
    fold: "Fold | Growing"
    """What a batch changes. Pure; each event is given once, in the order of the positions.

    Applying it twice would count twice: the checkpoint, saved with the rows, sees to it that no
    batch is. Cutting the events into other batches changes nothing.
    """

    def changes(self, batch: Sequence[Recorded], cursor: Cursor) -> Sequence[Statement]:
        """Say what a batch changes, as of the rows that are there; part of their transaction."""
        if isinstance(self.fold, Growing):
            asked = self.fold.asks(batch)
            found = cursor.execute(self.fold.rows, asked).fetchall() if asked else []
            return self.fold.grow(batch, found)
        return self.fold(batch)


@dataclass(frozen=True, slots=True)
class Growing:
    """A fold whose rows depend on what they were, by more than SQL can say in a line."""

    asks: Callable[[Sequence[Recorded]], Mapping[str, Any]]
    """Parameters that find the rows a batch may change; none at all if it changes none."""
    rows: str
    """SQL that finds them."""
    grow: Callable[[Sequence[Recorded], Sequence[Row]], Sequence[Statement]]
    """What a batch changes in them. Pure."""

    def __call__(self, batch: Sequence[Recorded]) -> Sequence[Statement]:
        """Say what a batch makes of a table without rows."""
        return self.grow(batch, [])
