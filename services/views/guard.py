"""Puts the policies of `projections.privacy` into force, as whatever user one is connected."""

from collections.abc import Sequence
from typing import Final

from projections.privacy import INSTALL, ROLE
from services.store.connect import Connection

_PASSES_POLICIES: Final = (
    "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
)
_ROLE: Final = f"""
do $$ begin
    create role {ROLE} nologin;
exception when duplicate_object or unique_violation then null;
end $$;
do $$ declare readable regclass; begin
    execute format('grant usage on schema %I to {ROLE}', current_schema());
    if exists (
        select from pg_default_acl, aclexplode(defaclacl) as given
        where pg_get_userbyid(defaclrole) = current_user
            and pg_get_userbyid(given.grantee) = '{ROLE}')
    then
        alter default privileges revoke select on tables from {ROLE};
        for readable in select pg_class.oid from pg_class, aclexplode(relacl) as given
            where pg_get_userbyid(given.grantee) = '{ROLE}' and (
                relname not like all (array['view\\_%', 'memory\\_%']) or relname in (
                'view_progress', 'view_partitions', 'view_skips', 'view_origins', 'view_database'))
        loop execute format('revoke select on %s from {ROLE}', readable); end loop;
    end if;
end $$;
"""  # noqa: S608  names of our own
"""The role queries act as. Earlier versions let it read whatever was made after it."""
_UNREADABLE: Final = """
select made from unnest(%s::text[]) as made where not has_table_privilege(%s, made, 'select')"""


def install(connection: Connection) -> None:
    """Make the functions of the policies, and the role queries act as where one is needed.

    Part of the caller's transaction, under its lock; before any guarded table.
    """
    connection.execute("set local check_function_bodies = off")  # their table comes later
    connection.execute(INSTALL)
    if _passes_policies(connection):
        connection.execute(_ROLE)


def let_read(connection: Connection, tables: Sequence[str]) -> None:
    """Let queries read tables that are meant for them; a table nobody names here, they can't."""
    if _passes_policies(connection):
        for (table,) in connection.execute(_UNREADABLE, [list(tables), ROLE]).fetchall():
            connection.execute(f"grant select on {table} to {ROLE}")


def step_down(connection: Connection) -> None:
    """Let policies hold for all that is asked on a connection from now on."""
    if _passes_policies(connection):
        connection.execute(f"set role {ROLE}")


def _passes_policies(connection: Connection) -> bool:
    row = connection.execute(_PASSES_POLICIES).fetchone()
    return bool(row and row[0])
