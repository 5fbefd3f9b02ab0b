"""What came of digesting an input: counts, and the proposals it led to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from projections.rows import ProposalRow, SourceRow, Totals
from services.api.models.proposal import of_row
from services.settings import Settings
from services.views import Views

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Report:
    """One swarm, as it stands once everybody rests."""

    swarm_id: str
    totals: Totals
    sources: Sequence[SourceRow]
    proposals: Sequence[ProposalRow]
    """Oldest first."""
    waiting_elsewhere: int
    """Proposals of other swarms that wait for a person."""
    token_budget: int
    """Tokens the swarm may use in a minute."""
    elapsed_ms: int

    def as_json(self) -> dict[str, Any]:
        """Return the report as `perpetua run --json` prints it."""
        totals = self.totals
        return {
            "observations": totals.observations,
            "thoughts": totals.thoughts,
            "hypotheses": totals.hypotheses,
            "checks": {
                "passed": totals.checks_passed,
                "failed": totals.checks_failed,
                "inconclusive": totals.checks_inconclusive,
            },
            "proposals": [_proposal(row) for row in self.proposals],
            "personas": {
                "spawned": totals.spawned,
                "reaped": totals.reaped,
                "live": totals.live,
            },
            "tokens": {"used": totals.tokens_used, "budget": self.token_budget},
            "elapsed_ms": self.elapsed_ms,
        }


def report_on(views: Views, settings: Settings, swarm_id: str, elapsed_ms: int) -> Report:
    """Report on a swarm, from views that are caught up first."""
    views.catch_up()
    limits = settings.limits
    waiting = views.proposals(status="waiting", limit=PAGE)
    return Report(
        swarm_id=swarm_id,
        totals=views.totals(swarm_id),
        sources=views.sources(swarm_id),
        proposals=_proposals(views, swarm_id),
        waiting_elsewhere=sum(row.swarm_id != swarm_id for row in waiting),
        token_budget=min(
            limits.swarm.token_budget_per_minute, limits.fabric.token_budget_per_minute
        ),
        elapsed_ms=elapsed_ms,
    )


def _proposals(views: Views, swarm_id: str) -> list[ProposalRow]:
    found: list[ProposalRow] = []
    after: str | None = None
    while page := views.proposals(swarm_id=swarm_id, after=after, limit=PAGE):
        found += page
        after = page[-1].proposal_id
    return found[::-1]


def _proposal(row: ProposalRow) -> dict[str, Any]:
    action = row.action
    return {
        "id": row.proposal_id,
        "title": row.title,
        "tool": action.tool if action else None,
        "target": action.target if action else None,
        "risk": row.risk,
        "status": of_row(row).status,
        "evidence": list(row.evidence_refs),
    }
