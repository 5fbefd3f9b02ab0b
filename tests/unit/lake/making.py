"""Rows as tests make them."""

from datetime import UTC, datetime

from domain.events import VoteCast
from domain.recorded import Stored
from services.lake.rows import Row, row
from services.store.codec import encode

_VOTE = encode(
    VoteCast(
        event_id="e", occurred_at=datetime(2026, 8, 1, 12, tzinfo=UTC), swarm_id="s", actor="a",
        correlation_id="c", proposal_id="p", vote="approve",
    )
)  # fmt: skip


def a_row(position: int) -> Row:
    """Return a vote at a position."""
    return row(Stored(position, "stream/s", 1, "vote.cast", 0, _VOTE))
