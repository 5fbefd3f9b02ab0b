"""Keeps what a persona remembers from everybody its policy does not name, in the database itself.

Tables of memory carry row level security. A query's session says who reads (`SETTING`); a session
that says nobody reads nothing. The functions below say whose memory that reader may see: they are
`domain.sharing.may_read` in SQL, and a test holds the two against each other.

A superuser passes every policy, as the embedded server's only user would: so the sessions that ask
queries act as `ROLE`, which can do nothing but read.
"""

from dataclasses import dataclass
from typing import Final

from domain.events import Event, ObservationDropped, ObservationReceived, SnapshotCompressed
from domain.sharing import is_input_for
from projections.view import Cursor

ROLE: Final = "perpetua_reader"
SETTING: Final = "perpetua.reader"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads memory."""

    name: str
    """As the session says it."""


NOBODY: Final = Reader("nobody")
"""Sees no memory at all."""
PUBLIC: Final = Reader("public")
"""Who may look at the fabric, but is no persona: sees what is shared with a swarm."""
EVERYTHING: Final = Reader("everything")
"""Who answers for the fabric, and the fabric itself."""


@dataclass(frozen=True, slots=True)
class Readable:
    """What a reader may see."""

    owners: frozenset[str] | None
    """Whose memory; None for everybody's."""
    swarm_id: str | None
    """Which swarm's input; None for every swarm's."""
    distilled: frozenset[str] = frozenset()
    """Whose snapshots beside, where that was asked."""

    def covers(self, event: Event) -> bool:
        """Tell whether the reader may see what an event says."""
        if isinstance(event, ObservationReceived | ObservationDropped):
            return self.swarm_id is None or is_input_for(self.swarm_id, event.swarm_id)
        if isinstance(event, SnapshotCompressed) and event.persona_id in self.distilled:
            return True
        return self.owners is None or event.persona_id in self.owners


def persona(persona_id: str) -> Reader:
    """Return a persona as reader."""
    return Reader(f"persona:{persona_id}")


INSTALL: Final = f"""
create or replace function memory_reader() returns text language sql stable as
    $$ select coalesce(current_setting('{SETTING}', true), '') $$;

create or replace function memory_owners(distilled boolean) returns setof text
language sql stable as $$
    with recursive reader as (
        select persona_id, swarm_id, parent_id from view_sharing
        where persona_id = substr(memory_reader(), 9) and memory_reader() like 'persona:%'
    ), above as (
        select persona_id, parent_id from reader
        union select parent.persona_id, parent.parent_id
        from view_sharing as parent join above on parent.persona_id = above.parent_id
    ), below as (
        select persona_id from reader
        union select child.persona_id
        from view_sharing as child join below on child.parent_id = below.persona_id
    )
    select persona_id from reader
    union select persona_id from below where distilled
    union select persona_id from view_sharing
        where 'swarm' = any(shared_with)
        and (memory_reader() = '{PUBLIC.name}' or swarm_id = (select swarm_id from reader))
    union select persona_id from view_sharing where shared_with @> array['lineage']
        and persona_id in (select persona_id from above union select persona_id from below)
    union select persona_id from view_sharing where shared_with @> array[memory_reader()]
$$;

create or replace function memory_swarm() returns text language sql stable as $$
    select swarm_id from view_sharing
    where persona_id = substr(memory_reader(), 9) and memory_reader() like 'persona:%'
$$;
"""  # noqa: S608  names of our own
"""Functions the policies call; needed before any table that is guarded."""


def guarded(
    table: str, *, owner: str = "persona_id", distilled: bool = False, common: str = "false",
    of_swarm: bool = True,
) -> str:  # fmt: skip
    """Write the SQL that guards a table of memory.

    Args:
        table: table to guard; whoever keeps it up, in a session that names no reader, is let pass.
        owner: column that says whose memory a row is.
        distilled: whether its rows are snapshots.
        common: condition of rows that are nobody's memory, such as input: they are for all of
            their swarm, and for who may look at the fabric.
        of_swarm: whether a row says its swarm; without, what is common is for every reader, as in
            a table that means nothing without another.
    """
    swarm = f"or swarm_id = (select memory_swarm()) or memory_reader() = '{PUBLIC.name}'"
    everybody = "false " + swarm if of_swarm else f"memory_reader() <> '{NOBODY.name}'"
    return f"""
alter table {table} enable row level security;
alter table {table} force row level security;
create policy kept on {table} using ((select memory_reader() in ('', '{EVERYTHING.name}')));
create policy shared on {table} for select using (
    case when {common} then {everybody}
    else {owner} in (select memory_owners({str(distilled).lower()})) end);
"""


def owners(cursor: Cursor, *, distilled: bool = False) -> frozenset[str] | None:
    """Return whose memory the reader of this session may see; None for everybody's."""
    return readable(cursor, distilled=distilled).owners


def readable(cursor: Cursor, *, distilled: bool = False) -> Readable:
    """Return what the reader of this session may see."""
    found = cursor.execute(
        "select memory_reader() as reader, memory_swarm() as swarm_id,"
        " array(select memory_owners(%s)) as owners",
        [distilled],
    ).fetchone()
    if found is None or found["reader"] == NOBODY.name:
        return Readable(frozenset(), "")
    if found["reader"] == EVERYTHING.name:
        return Readable(None, None)
    is_public = found["reader"] == PUBLIC.name
    return Readable(frozenset(found["owners"]), None if is_public else found["swarm_id"] or "")
