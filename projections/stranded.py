"""Who is left behind in the lineage: children of the reaped, or of nobody; roots of cascades."""

from typing import Final

from projections.rows import BrokenCascadeRow, OrphanRow, StrayRow
from projections.view import Cursor

_ORPHANS: Final = """
select child.persona_id, child.parent_id, parent.cascade_root is not null or exists (
    select from view_lineage taken where taken.cascade_root = child.parent_id) as by_cascade
from view_lineage child join view_lineage parent
    on parent.persona_id = child.parent_id and parent.status = 'reaped'
where child.parent_id is not null and not exists (
    select from view_lineage ended
    where ended.persona_id = child.persona_id and ended.status = 'reaped')
order by child.position
"""
_BROKEN_CASCADES: Final = """
select live.persona_id, ended, last_at from view_personas live cross join lateral (
    select count(*) as ended, max(at) as last_at from view_lineage
    where cascade_root = live.persona_id) begun
where status in ('active', 'paused') and live.position is not null and ended > 0
order by live.position
"""
_STRAYS: Final = """
select persona_id, parent_id, position from view_lineage child
where parent_id is not null and not exists (
    select from view_lineage parent
    where parent.persona_id = child.parent_id and parent.depth is not null)
order by position
"""


def orphans(cursor: Cursor) -> list[OrphanRow]:
    """Return the live personas whose parents have ended, oldest first."""
    return [OrphanRow(**found) for found in cursor.execute(_ORPHANS)]


def broken_cascades(cursor: Cursor) -> list[BrokenCascadeRow]:
    """Return the live personas whose cascades have begun, oldest first."""
    return [BrokenCascadeRow(**found) for found in cursor.execute(_BROKEN_CASCADES)]


def strays(cursor: Cursor) -> list[StrayRow]:
    """Return the personas whose parents this view does not know, oldest first."""
    return [StrayRow(**found) for found in cursor.execute(_STRAYS)]
