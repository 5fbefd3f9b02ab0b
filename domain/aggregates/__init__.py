"""The consistency boundaries. Each reads: state, apply (never refuses), decisions (may refuse)."""

from domain.aggregates.aggregate import Aggregate
from domain.aggregates.fabric import Fabric
from domain.aggregates.persona import Persona
from domain.aggregates.proposal import Proposal
from domain.aggregates.swarm import Swarm
from domain.aggregates.target import Target
from domain.aggregates.work import Work

__all__ = ["Aggregate", "Fabric", "Persona", "Proposal", "Swarm", "Target", "Work"]
