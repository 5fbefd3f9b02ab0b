"""What was found to be wrong, and what came of it, on the wire."""

from collections.abc import Sequence
from dataclasses import asdict

from services.api.models.wire import Told
from services.reconciliation import Reconciled


class Finding(Told):
    """One thing that is or was not as it should be."""

    rule: str
    """Rule that found it."""
    subject: str
    """Id of the persona, lease, swarm, proposal or view."""
    what: str
    outcome: str
    """mended, due (nothing was done yet) or left."""
    note: str
    """What was or is to be done, or why it was left."""
    positions: list[int]
    """Events that show it, where that is not plain."""


class Reconciliation(Told):
    """All that was found; nothing, if all is as it should be."""

    findings: list[Finding]
    mended: int
    due: int
    left: int


def reconciliation(every: Sequence[Reconciled]) -> Reconciliation:
    """Tell what was found."""
    findings = [Finding.model_validate(asdict(each)) for each in every]
    outcomes = [each.outcome for each in every]
    return Reconciliation(
        findings=findings,
        mended=outcomes.count("mended"),
        due=outcomes.count("due"),
        left=outcomes.count("left"),
    )
