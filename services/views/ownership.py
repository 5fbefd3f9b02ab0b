"""Whose a view is: who keeps it, `up` or others apart, and of which store it holds the events."""

from typing import Final
from uuid import UUID, uuid4

from projections.view import View
from services.bus.errors import ForeignHistory
from services.bus.record import source_of
from services.store.connect import Connection
from services.views import tables

_LOCK: Final = 5208208757389214276
_TAKE_OVER: Final = """
insert into view_partitions (name, partition, position)
select name, generate_series(0, %s - 1), position from view_progress where name = %s
on conflict (name, partition) do nothing"""


class KeptOtherwise(Exception):
    """A view that is not this program's to keep apart any more."""

    def __init__(self, view: View, version: int | None) -> None:
        if version == view.version:
            reason = "is not kept apart any more: start `perpetua project` again if it is to be"
        else:
            remedy = (
                f"`perpetua rebuild {view.name}`, with the same --into, builds it anew"
                if version is not None and version < view.version
                else "use the program that built it"
            )
            reason = f"was built as version {version}, this program knows {view.version}: {remedy}"
        super().__init__(f"the view {view.name} {reason}")


def take_over(connection: Connection, view: View, partitions: int) -> None:
    """Keep a view apart from now on, from where it stands; nothing if it is already.

    Raises:
        KeptOtherwise: another version of the program built it.
    """
    with connection.transaction():
        version, apart = _stands(connection, view)
        if version != view.version:
            raise KeptOtherwise(view, version)
        if not apart:
            connection.execute(_TAKE_OVER, [partitions, view.name])
            connection.execute("update view_progress set apart = true where name = %s", [view.name])


def hand_back(connection: Connection, view: View) -> bool:
    """Keep a view apart no more: whoever keeps the others builds it anew. False if it is not."""
    with connection.transaction():
        _, apart = _stands(connection, view)
        if not apart:
            return False
        connection.execute("delete from view_origins where name = %s", [view.name])
        connection.execute("update view_progress set apart = false where name = %s", [view.name])
        tables.reset(connection, view)
    return True


def database_id(connection: Connection) -> UUID:
    """Return which database this is: views of two are kept by two groups."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(
            "insert into view_database (id) select %s where not exists (select from view_database)",
            [uuid4()],
        )
    row = connection.execute("select id from view_database").fetchone()
    assert row is not None  # noqa: S101  it was inserted just now
    found: UUID = row[0]
    return found


def must_belong(connection: Connection, view: View, source: str) -> None:
    """See that a view holds the events of this `ce_source` only, the first to come if none has.

    In a store's own database it is that store's.

    Raises:
        ForeignHistory: it holds those of another store.
    """
    own = _own_source(connection)
    connection.execute(
        "insert into view_origins (name, source) values (%s, %s) on conflict do nothing",
        [view.name, own or source],
    )
    row = connection.execute(
        "select source from view_origins where name = %s", [view.name]
    ).fetchone()
    if row and row[0] != source:
        raise ForeignHistory(
            f"these are the events of {source}, the view {view.name} holds those of {row[0]}",
            "give it the Kafka or the store it is of, or hand it back and begin anew",
        )


def _stands(connection: Connection, view: View) -> tuple[int | None, bool]:
    """Return as which version a view was built, and whether it is kept apart; it stays so."""
    row = connection.execute(
        "select version, apart from view_progress where name = %s for update", [view.name]
    ).fetchone()
    return (row[0], row[1]) if row else (None, False)


def _own_source(connection: Connection) -> str | None:
    """Return the `ce_source` of the store in this database, if there is one."""
    there = connection.execute("select to_regclass('perpetua_schema')").fetchone()
    if there == (None,):
        return None
    row = connection.execute("select value from meta where name = 'store_id'").fetchone()
    return source_of(row[0]).decode() if row else None
