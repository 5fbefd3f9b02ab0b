"""How those who keep views up connect to their database."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import psycopg

from services.store.connect import Connection, connect, unavailable

SETTINGS: Final = {
    "synchronous_commit": "off",
    "idle_in_transaction_session_timeout": "10s",  # a stopped process must not hold up others
    "client_min_messages": "warning",
}
"""The writes don't wait for the disk: if the server crashes, rows and checkpoints are lost
together, and are made again of events that did wait.
"""


@contextmanager
def session(conninfo: str) -> Iterator[Connection]:
    """Connect for as long as the block lasts.

    Raises:
        StoreUnavailable: no server, or it refuses what is asked.
    """
    with closing(connect(conninfo, SETTINGS)) as connection:
        try:
            yield connection
        except psycopg.Error as error:
            raise unavailable(error) from error
