"""One target of actions: what is pending on it and what was done to it."""

from domain import streams
from domain.aggregates.aggregate import Aggregate
from domain.asking import is_reply
from domain.budget import Credits, spent
from domain.canonical import canonical_hash
from domain.context import Context
from domain.errors import TargetHeld
from domain.events import BudgetLeased, BudgetSettled, Event
from domain.events.budget import Grant
from domain.events.gate import Action


class Target(Aggregate):
    """Guards against the same action being pending twice, or done twice, on one target."""

    held: dict[str, str]
    done: dict[str, str]

    def __init__(self, tool: str, target: str) -> None:
        super().__init__(streams.target(tool, target))
        self.name = f"{tool} {target}"
        self.held = {}
        self.done = {}

    def apply(self, event: Event) -> None:
        """Change the state by what happened."""
        match event:
            case BudgetLeased():
                for grant in event.grants:
                    self.held[grant.action_hash or ""] = grant.holder
            case BudgetSettled():
                for held, holder in list(self.held.items()):
                    if holder == event.lease_id:
                        del self.held[held]
                        if event.outcome != "released":
                            self.done[held] = holder

    def hold(self, context: Context, swarm_id: str, proposal_id: str, action_hash: str) -> None:
        """Hold the target for a proposal, until its action was done or given up.

        Raises:
            TargetHeld: the same action is pending, or was done.
        """
        if action_hash in self.done:
            raise TargetHeld(self.name, self.done[action_hash], "done")
        if action_hash in self.held:
            raise TargetHeld(self.name, self.held[action_hash], "pending")
        self.trigger(
            BudgetLeased(
                **context.envelope(swarm_id),
                lease_id=proposal_id,
                resource="target",
                grants=(Grant(holder=proposal_id, accounts=(self.id,), action_hash=action_hash),),
            )
        )

    def must_be_held(self, proposal_id: str, action_hash: str) -> None:
        """Refuse to act on the target for anybody but who holds it.

        Raises:
            TargetHeld: another proposal does, or nobody.
        """
        if self.held.get(action_hash) != proposal_id:
            holder = self.held.get(action_hash) or self.done.get(action_hash) or "none"
            raise TargetHeld(self.name, holder, "held")

    def let_go(self, context: Context, swarm_id: str, proposal_id: str, *, done: bool) -> None:
        """End the hold of a proposal; `done` tells whether its action ran."""
        if proposal_id not in self.held.values():
            return
        self.trigger(
            BudgetSettled(
                **context.envelope(swarm_id),
                lease_id=proposal_id,
                resource="target",
                spent=spent({proposal_id: Credits()}),
                outcome="settled" if done else "released",
            )
        )


def action_hash(action: Action) -> str:
    """Return the SHA-256 of an action in RFC 8785 form, hex: equal for equal actions."""
    return canonical_hash(action.model_dump())


def held_hash(action: Action) -> str:
    """Return what is pending or done at most once on a target: the action, of a reply any answer.

    Two answers to one question contradict each other, however they differ.
    """
    return action_hash(
        action.model_copy(update={"arguments": "{}"}) if is_reply(action) else action
    )
