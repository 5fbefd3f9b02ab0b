"""Time and ids: the two things only the world can give."""

from datetime import UTC, datetime

import uuid_utils


def now() -> datetime:
    """Return the time, UTC, in microseconds."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a fresh UUIDv7 (RFC 9562), which sorts by time."""
    return str(uuid_utils.uuid7())
