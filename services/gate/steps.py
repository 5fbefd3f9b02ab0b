"""The steps of the gate: each takes a proposal as it is stored, and saves what comes next.

What a step finds already done by somebody else it leaves as it is.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from domain import streams
from domain.aggregates import Proposal
from domain.aggregates.proposal import GATE
from domain.asking import is_reply
from domain.context import Context
from domain.errors import InvalidInput, ProposalNotFound, ProposalWrongState
from domain.events import ActionStarted, ObservationReceived, ProposalCreated
from domain.ports import Acted
from services.commands import gate as commands
from services.commands.cognition import MAX_REFS, canonical
from services.executor import Command, Executor
from services.gate.actuators import Actuators
from services.gate.asked import find_question
from services.gate.doing import doing
from services.gate.evidence import Citing, look_up
from services.gate.policy import Policy
from services.gate.verifier import Case, verify
from services.store.recorder import Recorder
from services.store.session_lock import SessionLock

T = TypeVar("T")

Step = Callable[[Proposal], None]


@dataclass(frozen=True, slots=True)
class Steps:
    """What the gate does with a proposal, by its status."""

    executor: Executor
    recorder: Recorder
    policy: Policy
    actuators: Actuators
    conninfo: str
    """The store's server, which keeps the locks of those who act."""

    def of(self, status: str) -> Step | None:
        """Return the step that comes next; None where it is not the gate's turn."""
        return {
            "created": self.verify,
            "verified": self.decide,
            "allowed": self.act,
            "approved": self.act,
            "acting": self.take_up,
        }.get(status)

    def load(self, proposal_id: str) -> Proposal:
        """Return a proposal as the store has it.

        Raises:
            ProposalNotFound: there is none of this id.
        """
        proposal = Proposal(proposal_id)
        stored = self.recorder.stream(streams.proposal(proposal_id))
        proposal.fold(map(self.executor.mapper.to_domain_event, stored))
        if proposal.created is None:
            raise ProposalNotFound(proposal_id)
        return proposal

    def verify(self, proposal: Proposal) -> None:
        """Look at evidence, consistency and risk; hold the target, or reject."""
        content = proposal.content
        refs = content.evidence_refs if len(content.evidence_refs) <= MAX_REFS else ()
        citing = Citing(content.persona_id or "", content.swarm_id)
        faulty = [c for c in look_up(self.recorder, citing, refs) if c.fault]
        question = self._question(content)
        case = Case(content, faulty, self.policy.gate.tools, self.actuators, question)
        findings, risk = verify(case)
        self._save(
            proposal, lambda unit: commands.verify(unit, proposal.proposal_id, findings, risk)
        )

    def _question(self, content: ProposalCreated) -> ObservationReceived | None:
        """Return the question a reply is meant for, if it was put to its persona."""
        if content.action is None or not is_reply(content.action):
            return None
        asked = content.persona_id or ""
        found = find_question(self.recorder, content.swarm_id, asked, content.action.target)
        return found.event if found else None

    def decide(self, proposal: Proposal) -> None:
        """Ask the policy, unless there is nothing to be done."""
        if proposal.content.action is not None:
            self._save(
                proposal, lambda unit: commands.decide(unit, proposal.proposal_id, self.policy)
            )

    def act(self, proposal: Proposal) -> None:
        """Ask the policy once more, act, and keep the receipt."""
        todo = doing(proposal, self.actuators)
        if todo is None:
            return
        with self._alone(proposal) as alone:
            if not alone:
                return
            started = self._save(
                proposal,
                lambda unit: commands.start(unit, proposal.proposal_id, self.policy, todo.ran),
            )
            if started:
                self._finish(proposal, started, todo.do)

    def take_up(self, proposal: Proposal) -> None:
        """Finish what somebody who is gone began."""
        with self._alone(proposal) as alone:
            proposal = self.load(proposal.proposal_id)
            todo = doing(proposal, self.actuators)
            if alone and proposal.status == "acting" and proposal.started and todo:
                self._finish(proposal, proposal.started, todo.do_again)

    def run(self, context: Context, command: Command[T]) -> T:
        """Run a command.

        Raises:
            DomainError: the command was refused.
        """
        return self.executor.run(context, command).result

    def _finish(
        self, proposal: Proposal, started: ActionStarted, act: Callable[[str], Acted]
    ) -> None:
        began = time.monotonic()
        acted = act(started.idempotency_key)
        took_ms = round((time.monotonic() - began) * 1_000)
        result = _readable(acted)
        self._save(
            proposal,
            lambda unit: commands.finish(
                unit, proposal.proposal_id, acted.outcome, result, took_ms
            ),
        )

    @contextmanager
    def _alone(self, proposal: Proposal) -> Iterator[bool]:
        """Tell whether nobody else alive acts on the proposal; nobody will until the end."""
        lock = SessionLock(self.conninfo, proposal.id)
        try:
            yield lock.try_acquire()
        finally:
            lock.release()

    def _save(self, proposal: Proposal, command: Command[T]) -> T | None:
        """Take a step as the gate; None if somebody else took it first."""
        context = self.executor.context(GATE, proposal.content.correlation_id)
        try:
            return self.run(context, command)
        except ProposalWrongState:
            return None


def _readable(acted: Acted) -> str:
    """Return what an actuator says as RFC 8785 JSON; what has no such form is not in the way."""
    try:
        return canonical(acted.result)
    except InvalidInput as wrong:
        return canonical({"error": f"its result can't be kept: {wrong.message}"})
