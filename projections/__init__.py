"""The read models: what can be asked. Each is a fold of events, deleted and rebuilt at will."""

from projections import (
    attention,
    beliefs,
    lineage,
    memories,
    personas,
    proposals,
    sharing,
    snapshots,
    sources,
    totals,
    work,
)
from projections.view import View

VIEWS: tuple[View, ...] = (
    attention.VIEW,
    beliefs.VIEW,
    personas.VIEW,
    lineage.VIEW,
    memories.VIEW,
    proposals.VIEW,
    sharing.VIEW,
    snapshots.VIEW,
    sources.VIEW,
    totals.VIEW,
    work.VIEW,
)
"""Every read model there is."""
