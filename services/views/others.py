"""What others have of a view's table, which is dropped when a new one takes its place.

Objects of theirs that depend on it keep it from being dropped; what they may do with it they are to
keep.
"""

from typing import Final

from psycopg.sql import SQL

from services.store.connect import Connection

_DEPENDENTS: Final = """
with dropped as (select to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text)) as oid),
kind as (select oid, typarray from pg_type where typrelid = (select oid from dropped))
select distinct coalesce(
    pg_describe_object('pg_class'::regclass, rule.ev_class, 0),
    pg_describe_object(needs.classid, needs.objid, needs.objsubid))
from pg_depend as needs
left join pg_rewrite as rule on needs.classid = 'pg_rewrite'::regclass and rule.oid = needs.objid
where needs.deptype = 'n' and (
    needs.refclassid = 'pg_class'::regclass and needs.refobjid = (select oid from dropped)
    or needs.refclassid = 'pg_type'::regclass
        and needs.refobjid in (select oid from kind union all select typarray from kind))
    and not exists (
        select from pg_depend as own where (own.classid, own.objid) = (needs.classid, needs.objid)
        and own.refclassid = 'pg_class'::regclass and own.refobjid = (select oid from dropped)
        and own.deptype in ('a', 'i'))
order by 1"""
"""What is its own, such as its indexes and policies, goes with it (deptype a and i)."""
_GRANTS: Final = """
with old as (select to_regclass(format('%%I.%%I', %(old)s::text, %(table)s::text)) as oid),
new as (select to_regclass(format('%%I.%%I', %(new)s::text, %(table)s::text)) as oid),
given as (
    select acl.*, '' as of_column from pg_class, aclexplode(relacl) as acl
    where pg_class.oid = (select oid from old)
    union all
    select acl.*, format('(%%I)', attname) from pg_attribute as had, aclexplode(attacl) as acl
    where attrelid = (select oid from old) and exists (
        select from pg_attribute as has
        where has.attrelid = (select oid from new) and has.attname = had.attname))
select format('grant %%s %%s on %%s to %%s%%s', privilege_type, of_column, new.oid,
    case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
    case when is_grantable then ' with grant option' else '' end)
from given, new"""


def dependents(connection: Connection, schema: str, table: str) -> list[str]:
    """Describe what depends on a table and is not part of it."""
    found = connection.execute(_DEPENDENTS, {"schema": schema, "table": table})
    return [described for (described,) in found]


def hand_on_grants(connection: Connection, old: str, new: str, table: str) -> None:
    """Grant on the table of a schema what is granted on that of another, and on its columns."""
    found = connection.execute(_GRANTS, {"old": old, "new": new, "table": table}).fetchall()
    for (grant,) in found:
        connection.execute(SQL(grant))
