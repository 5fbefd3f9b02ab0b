"""The read models: what can be asked. Each is a fold of events, deleted and rebuilt at will."""

from projections import personas, proposals, snapshots, sources, totals
from projections.view import View

VIEWS: tuple[View, ...] = (
    personas.VIEW,
    proposals.VIEW,
    snapshots.VIEW,
    sources.VIEW,
    totals.VIEW,
)
"""Every read model there is."""
