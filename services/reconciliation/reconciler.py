"""Runs the rules: on demand, and every so often while `up` runs.

Any number of processes may: what a rule mends is decided on the aggregates, in the save that mends
it, so that whoever comes second finds it done.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from domain.errors import DomainError
from services.reconciliation.cascades import cascades
from services.reconciliation.leases import grants, leases
from services.reconciliation.orphans import orphans
from services.reconciliation.proposals import actions, deadlines, lapsed
from services.reconciliation.rule import Asking, Found, Job, Outcome, Parts, Rule, left
from services.reconciliation.unspawned import unspawned
from services.reconciliation.views import views
from services.store.errors import StoreUnavailable
from services.views.reader import QueryTooSlow

logger = logging.getLogger(__name__)

RULES: Final[tuple[Rule, ...]] = (
    views,
    unspawned,
    cascades,
    orphans,
    leases,
    grants,
    deadlines,
    lapsed,
    actions,
)
"""Every rule there is, in the order in which they look: a later one may rest on what one mends."""
_LATER: Final = "what it did not come to is looked for next time"
_CLOCK: Final = Asking("system:reconciliation")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a rule found, and what came of it."""

    rule: str
    subject: str
    what: str
    outcome: str
    """mended, due (nothing was done yet) or left."""
    note: str
    """What was or is to be done, or why it was left."""
    positions: tuple[int, ...]


class Reconciler:
    """Finds what broke off or was left behind, and mends what can be."""

    def __init__(self, parts: Parts, interval_secs: float, rules: Sequence[Rule] = RULES) -> None:
        """Prepare; `interval_secs` is the time between two runs of the clock, 0 for none."""
        self._parts = parts
        self._rules = rules
        self._interval_secs = interval_secs
        self._told: set[tuple[str, str]] = set()

    def look(self, asking: Asking) -> list[Reconciled]:
        """Return what there is to mend, and mend nothing.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        return [
            _reconciled(rule, found, "due" if found.mend else "left", found.note)
            for rule, found in self._found(asking)
        ]

    def mend(self, asking: Asking) -> list[Reconciled]:
        """Mend what can be mended, and return all that was found.

        Raises:
            StoreUnavailable: the server is out of reach; what was mended before stays so.
        """
        told = []
        for rule, found in self._found(asking):
            outcome = _mend(found)
            word = "mended" if outcome.mended else "left"
            told.append(_reconciled(rule, found, word, outcome.note))
        return told

    async def run(self) -> None:
        """Mend by the clock, until cancelled."""
        while self._interval_secs:
            await asyncio.sleep(self._interval_secs)
            try:
                self._tell(await asyncio.to_thread(self.mend, _CLOCK))
            except StoreUnavailable as lost:
                logger.warning("nothing is reconciled for now", extra={"why": str(lost)})

    def _found(self, asking: Asking) -> Iterator[tuple[Rule, Found]]:
        self._parts.views.catch_up()
        job = Job(self._parts, asking)
        for rule in self._rules:
            try:
                for found in rule(job):
                    yield rule, found
            except QueryTooSlow as slow:  # one that can't look must not keep the others
                yield rule, Found(rule.__name__, f"could not look at all: {slow.message}", _LATER)

    def _tell(self, every: list[Reconciled]) -> None:
        """Log what was mended, and once what is left for people."""
        for each in every:
            if each.outcome == "mended" or (each.rule, each.subject) not in self._told:
                logger.warning("reconciled", extra=asdict(each))
        self._told = {(each.rule, each.subject) for each in every if each.outcome == "left"}


def _mend(found: Found) -> Outcome:
    try:
        return found.mend() if found.mend else left(found.note)
    except DomainError as refused:  # one that can't be mended must not keep the others
        return left(refused.message)


def _reconciled(rule: Rule, found: Found, outcome: str, note: str) -> Reconciled:
    return Reconciled(
        rule=rule.__name__,
        subject=found.subject,
        what=found.what,
        outcome=outcome,
        note=note,
        positions=tuple(found.positions),
    )
