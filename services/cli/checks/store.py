"""The store: reached, of a version that fits, with the rights it needs, in time with us."""

from datetime import timedelta

from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene
from services.store.errors import StoreUnavailable

SKEW_WARNED_OF = timedelta(seconds=2)
SKEW_WRONG = timedelta(seconds=30)
"""So far apart, two processes are seldom in the same minute of the budget."""
OLDEST = 140_000
_RIGHTS = ("insert", "select", "update")


def store(scene: Scene) -> Finding:
    """See that the store is reached, by what and with tables of what version."""
    kind = "PostgreSQL" if scene.settings.database_url else "embedded PostgreSQL"
    try:
        connection = scene.open_store()
    except StoreUnavailable as bad:
        return wrong("store", bad.message, bad.hint)
    if connection is None:
        return fine("store", f"{kind} is made at the first start")
    server = connection.info.parameter_status("server_version")
    if connection.info.server_version < OLDEST:
        return wrong("store", f"{kind} {server} is too old", "use version 14 or later")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        found = f"the database has encoding {encoding}"
        return wrong("store", found, "create one with encoding 'UTF8'")
    scene.connection = connection
    versions = scene.ask("select max(version) from perpetua_schema", "perpetua_schema")
    if not versions:
        return fine("store", f"{kind} {server}, tables are made at the first start")
    return fine("store", f"{kind} {server}, tables of version {versions[0][0]}")


def rights(scene: Scene) -> Finding | None:
    """See that we may make tables, and write those there are."""
    if scene.connection is None or not scene.settings.database_url:
        return None
    [(may_create, user)] = scene.connection.execute(
        "select has_schema_privilege(current_schema(), 'create'), current_user"
    ).fetchall()
    fix = "give it the right, or name another user in PERPETUA_DATABASE_URL"
    if not may_create:
        return wrong("rights", f"{user} may not make tables in the database", fix)
    for right in _RIGHTS[:2]:
        for (may,) in scene.ask(f"select has_table_privilege('events', '{right}')", "events"):
            if not may:
                return wrong("rights", f"{user} may not {right} events", fix)
    return fine("rights", f"{user} may make tables, read and write")


def vectors(scene: Scene) -> Finding | None:
    """Warn of a database that can't compare vectors."""
    if scene.connection is None:
        return None
    found = scene.connection.execute(
        "select installed_version, default_version from pg_available_extensions"
        " where name = 'vector'"
    ).fetchone()
    if found is None:
        said = "the server has no pgvector: memory is searched by words alone"
        return warning("vectors", said, "install pgvector on the database's machine")
    return fine("vectors", f"pgvector {found[0] or f'{found[1]}, used from the first start'}")


def partitions(scene: Scene) -> Finding | None:
    """See that the number of partitions is the one that was fixed."""
    wanted = scene.settings.partitions
    fixed = scene.ask("select value from meta where name = 'partitions'", "meta")
    if not fixed:
        return None
    number = int(fixed[0][0])
    if wanted not in (None, number):
        found = f"this store has {number}, fixed when it was made, not {wanted}"
        return wrong("partitions", found, "leave the setting out, or use another database")
    return fine("partitions", f"{number}, fixed")


def skew(scene: Scene) -> Finding | None:
    """See that the database's clock and ours agree: budgets are counted by the minute."""
    if scene.connection is None or not scene.settings.database_url:
        return None
    before = scene.machine.now()
    row = scene.connection.execute("select clock_timestamp()").fetchone()
    after = scene.machine.now()
    if row is None:
        return None
    apart = row[0] - (before + (after - before) / 2)
    secs = abs(apart.total_seconds())
    which = "ahead of" if apart > timedelta() else "behind"
    said = f"the database's is {secs:,.1f} s {which} ours"
    fix = "set both clocks by NTP"
    if secs > SKEW_WRONG.total_seconds():
        return wrong("skew", said, fix)
    if secs > SKEW_WARNED_OF.total_seconds():
        return warning("skew", said, fix)
    return fine("skew", "the database's clock and ours agree")
