"""The window of a budget is the UTC minute: what counts one must not see it end."""

import time
from datetime import UTC, datetime

ENOUGH_SECS = 15


def early_in_a_minute() -> None:
    """Wait for the next minute if this one ends soon."""
    left = 60 - datetime.now(UTC).second
    if left < ENOUGH_SECS:
        time.sleep(left)
