"""A gate's commands on a cache alone: what was saved before is given, what is decided is seen."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from domain import streams
from domain.aggregates import Aggregate, Persona, Proposal, Target
from domain.context import Context
from domain.events import Event
from domain.events.gate import Action, Finding
from domain.events.lifecycle import Identity
from domain.limits import Limits
from domain.recorded import StreamEvent
from domain.segments import Log
from services.commands import gate, proposing
from services.gate.policy import Policy
from services.gate.settings import GateSettings, Risk, Rule, Tool
from services.unit_of_work import Cache, Unit

T = TypeVar("T")

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
DENY = Action(tool="file.append", target="deny.list", arguments='{"line":"192.0.2.7"}')
NOTE = Action(tool="notify", target="ops", arguments='{"line":"many errors"}')
PASSED = tuple(
    Finding(rule=rule, passed=True, reason="fine") for rule in ("evidence", "consistency", "risk")
)
SETTINGS = GateSettings()
ALLOWED = ("file.append", "notify")
HOUR = timedelta(hours=1)
PROPOSALS = ("p", "q", "r")


def settings(*rules: Rule, **tools: Risk) -> GateSettings:
    """Settings with these rules, and tools of these risks (`_` for the dot in their names)."""
    named = {name.replace("_", "."): Tool(risk=risk) for name, risk in tools.items()}
    return GateSettings(allow=rules, tools=named or SETTINGS.tools)


class Bench:
    """Runs commands, each on what the ones before saved. Time stands still unless it is moved."""

    def __init__(self, allowed_tools: tuple[str, ...] = ALLOWED) -> None:
        self.now = NOON
        self.policy = Policy(SETTINGS)
        self.events: list[Event] = []
        self._numbers = count(1)
        self._stored: dict[str, list[StreamEvent]] = defaultdict(list)
        limits = Limits(allowed_tools=allowed_tools)
        identity = Identity(name="n", role="r", charter="c", depth=0)
        self.run("user:eve", lambda unit: unit.persona("ann").spawn(
            unit.context, "swarm", identity, limits
        ))  # fmt: skip
        self.events.clear()

    def context(self, actor: str) -> Context:
        request = f"request-{next(self._numbers)}"
        return Context(self.now, actor, request, lambda: f"event-{next(self._numbers)}")

    def run(self, actor: str, command: Callable[[Unit], T]) -> T:
        """Decide and save; a command that refuses saves nothing."""
        cache = Cache()
        thoughts = streams.thoughts("ann")
        cache.put(thoughts, Log(thoughts, len(self._stored[f"{thoughts}/0"])))
        for empty in self._empty():
            cache.put(empty.id, empty.fold(self._stored[empty.id]))
        unit = Unit(self.context(actor), cache)
        result = command(unit)
        for placed in unit.collect()[0]:
            self._stored[placed.originator_id].append(placed)
            self.events.append(placed.event)
        return result

    def _empty(self) -> list[Aggregate]:
        targets = [Target(action.tool, action.target) for action in (DENY, NOTE)]
        return [Persona("ann"), *targets, *(Proposal(each) for each in PROPOSALS)]

    def propose(
        self, proposal_id: str = "p", action: Action | None = DENY, risk: str = "high", **more: Any
    ) -> Proposal:
        more.setdefault("evidence_refs", ("1#0",))
        new = proposing.NewProposal(
            proposal_id=proposal_id, title="t", rationale="r", risk=risk, action=action, **more
        )
        return self.run("persona:ann", lambda unit: proposing.propose(unit, "ann", new))

    def verify(
        self, proposal_id: str = "p", risk: str = "low", findings: tuple[Finding, ...] = PASSED
    ) -> Proposal:
        return self.run("system:gate", lambda unit: gate.verify(unit, proposal_id, findings, risk))

    def decide(self, proposal_id: str = "p") -> Proposal:
        return self.run("system:gate", lambda unit: gate.decide(unit, proposal_id, self.policy))

    def approve(
        self, proposal_id: str = "p", shown_hash: str | None = "", actor: str = "user:eve",
        *, unseen_allowed: bool = False,
    ) -> Proposal:  # fmt: skip
        """Approve with the right hash, unless another is given."""
        shown = self.proposal(proposal_id).shown_hash if shown_hash == "" else shown_hash
        return self.run(
            actor,
            lambda unit: gate.approve(
                unit, proposal_id, shown, HOUR, unseen_allowed=unseen_allowed
            ),
        )

    def deny(self, proposal_id: str = "p", actor: str = "user:eve") -> Proposal:
        return self.run(actor, lambda unit: gate.deny(unit, proposal_id, "no"))

    def start(self, proposal_id: str = "p", **changed: Any) -> Any:
        ran = {**self.proposal(proposal_id).shown, **changed}
        return self.run("system:gate", lambda unit: gate.start(unit, proposal_id, self.policy, ran))

    def finish(
        self, proposal_id: str = "p", outcome: str = "success", actor: str = "system:gate"
    ) -> Proposal:
        return self.run(actor, lambda unit: gate.finish(unit, proposal_id, outcome, "{}", 5))

    def proposal(self, proposal_id: str = "p") -> Proposal:
        empty = Proposal(proposal_id)
        return empty.fold(self._stored[empty.id])

    def target(self, action: Action = DENY) -> Target:
        empty = Target(action.tool, action.target)
        return empty.fold(self._stored[empty.id])

    def waiting(self, proposal_id: str = "p") -> Proposal:
        """Bring a proposal of high risk to where a person is asked."""
        self.propose(proposal_id)
        self.verify(proposal_id)
        return self.decide(proposal_id)

    @property
    def topics(self) -> list[str]:
        return [event.topic for event in self.events]

    def last(self, topic: str) -> Any:
        return next(event for event in reversed(self.events) if event.topic == topic)

    def later(self, span: timedelta) -> None:
        self.now += span
