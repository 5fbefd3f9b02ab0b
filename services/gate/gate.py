"""The gate: moves proposals from created to executed, one durable step at a time.

Every step is one save; what a step finds already done it leaves. So any number of processes may
advance the same proposal, and whoever comes after a crash goes on where the other ended.
"""

import logging
import time
from datetime import timedelta

from domain.aggregates import Proposal
from domain.canonical import canonical
from domain.context import Context
from services.commands import gate as commands
from services.executor import Executor
from services.gate.actuators import Actuators, actuators
from services.gate.policy import Policy
from services.gate.shown import Shown, show
from services.gate.steps import Steps
from services.gate.watching import Watching
from services.settings import Settings
from services.store.recorder import Recorder
from services.views import Views

logger = logging.getLogger(__name__)

UNFINISHED = ("created", "verified", "allowed", "approved", "acting")
"""Statuses in which it is the gate's turn."""
PATIENCE_SECS = 3.0
PAUSE_SECS = 0.05


class Gate:
    """The only holder of actuators. Safe to use from any thread."""

    def __init__(
        self,
        executor: Executor,
        recorder: Recorder,
        views: Views,
        settings: Settings,
        conninfo: str,
        tools: Actuators | None = None,
    ) -> None:
        """Prepare.

        Args:
            executor: writes.
            recorder: reads evidence.
            views: where unfinished proposals are looked for.
            settings: tools, policy and folder.
            conninfo: the store's server, which keeps the locks of those who act.
            tools: what carries out the tools; those of the settings by default.
        """
        self._recorder = recorder
        self._views = views
        self._settings = settings.gate
        held = actuators(settings) if tools is None else tools
        self._steps = Steps(executor, recorder, Policy(settings.gate), held, conninfo)

    def approve(self, context: Context, proposal_id: str, shown_hash: str | None) -> Proposal:
        """Allow a proposal as the person of the context, and act; return how it stands then.

        Raises:
            NotAllowed: the actor is no person.
            ProposalNotFound, ProposalWrongState: no approval is due.
            ShownHashRequired, ShownHashMismatch: it was not shown, or is not what was.
        """
        lasts = timedelta(seconds=self._settings.approval_lasts_secs)
        unseen = self._settings.unseen_approvals
        self._steps.run(
            context,
            lambda unit: commands.approve(
                unit, proposal_id, shown_hash, lasts, unseen_allowed=unseen
            ),
        )
        return self.advance(proposal_id)

    def reject(self, context: Context, proposal_id: str, reason: str) -> Proposal:
        """Refuse a proposal as the person of the context; return how it stands then.

        Raises:
            NotAllowed: the actor is no person.
            ProposalNotFound, ProposalWrongState: there is nothing to refuse.
        """
        self._steps.run(context, lambda unit: commands.deny(unit, proposal_id, reason))
        return self.load(proposal_id)

    def settle(self, context: Context, proposal_id: str, outcome: str, note: str) -> Proposal:
        """Tell, as the person of the context, how an action ended that nobody could tell of.

        Raises:
            NotAllowed: the actor is no person.
            ProposalNotFound, ProposalWrongState: its outcome is not unclear.
        """
        result = canonical({"note": note})
        self._steps.run(
            context, lambda unit: commands.finish(unit, proposal_id, outcome, result, 0)
        )
        return self.load(proposal_id)

    def show(self, proposal_id: str) -> Shown:
        """Return what a person must see before allowing a proposal, and the hash that says so.

        Raises:
            ProposalNotFound: there is none of this id.
        """
        return show(self._recorder, self.load(proposal_id))

    def load(self, proposal_id: str) -> Proposal:
        """Return a proposal as the store has it.

        Raises:
            ProposalNotFound: there is none of this id.
        """
        return self._steps.load(proposal_id)

    def advance(self, proposal_id: str) -> Proposal:
        """Move a proposal as far as it goes now, and return how it stands then.

        One that somebody alive is acting on is left to them; one whose actor died is taken up.

        Raises:
            ProposalNotFound: there is none of this id.
        """
        proposal = self.load(proposal_id)
        while step := self._steps.of(proposal.status):
            step(proposal)
            before, proposal = proposal.version, self.load(proposal_id)
            if proposal.version == before:
                break
        return proposal

    def unfinished(self) -> list[str]:
        """Return the ids of the proposals it is the gate's turn with."""
        self._views.catch_up()
        found: list[str] = []
        for status in UNFINISHED:
            after: str | None = None
            while rows := self._views.proposals(status=status, after=after):
                found += [r.proposal_id for r in rows if r.action or status != "verified"]
                after = rows[-1].proposal_id
        return found[::-1]

    def recover(self) -> None:
        """Go on with everything a process before this one left unfinished.

        For a moment after its death the server takes whoever acted for alive; that is waited for.
        """
        left = [each for each in self.unfinished() if not self._goes_on(each)]
        patient_until = time.monotonic() + PATIENCE_SECS  # however long the first look at all took
        while left and time.monotonic() < patient_until:
            time.sleep(PAUSE_SECS)
            left = [each for each in left if not self._goes_on(each)]

    async def run(self) -> None:
        """Recover, then advance every proposal that is made or approved, until the store closes."""
        await Watching(self._recorder, self.unfinished, self._has_settled).run()

    def _goes_on(self, proposal_id: str) -> bool:
        try:
            return self._has_settled(proposal_id)
        except Exception:  # one must not keep the others
            logger.exception("a proposal could not go on", extra={"proposal_id": proposal_id})
            return True

    def _has_settled(self, proposal_id: str) -> bool:
        """Advance a proposal; tell whether it needs no other look, because nobody acts on it."""
        return self.advance(proposal_id).status not in ("allowed", "approved", "acting")
