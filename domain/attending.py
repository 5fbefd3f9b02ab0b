"""How attention goes: items are raised by checks and proposals, and settled by what comes after."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from domain.attention import PRIORITIES, Item, failed_check, hypothesis, item_id, watched
from domain.events import (
    ActionExecuted,
    CheckResult,
    Event,
    PersonaReaped,
    ProposalCreated,
    ProposalRejected,
)

MOST_OPEN: Final = 100
"""Open items of one swarm; one more, and the least and oldest of all gives way."""


@dataclass(slots=True)
class Attention:
    """The items of any number of swarms, as far as the events at hand may change them."""

    items: dict[str, Item] = field(default_factory=dict)
    changed: dict[str, Item] = field(default_factory=dict)
    """Those that events changed, by id."""

    def apply(self, position: int, event: Event) -> None:
        """Take in the next event."""
        match event:
            case CheckResult(outcome="failed"):
                self._raise(failed_check(position, event), position, event)
            case CheckResult(outcome="passed"):
                self._resolve(self._about(event, hypothesis(event)), position, event)
            case ProposalCreated():
                proposed = watched(position, event)
                self._resolve(self._about(event, proposed.about), position, event)
                if event.action or event.vote_deadline:
                    self._put(proposed)
            case ProposalRejected(stage="deadline"):
                self._raise_of(event.proposal_id, "proposal_timeout", position, event)
            case ActionExecuted(outcome="failure" | "unknown"):
                self._raise_of(event.proposal_id, "failed_execution", position, event)
            case ProposalRejected() | ActionExecuted():
                self._resolve(self._of_proposal(event.proposal_id), position, event)
            case PersonaReaped():
                left = [i for i in self._open(event.swarm_id) if i.owner == event.persona_id]
                self._resolve(left, position, event)

    def _raise_of(self, proposal_id: str, source_type: str, position: int, event: Event) -> None:
        for each in self._of_proposal(proposal_id):
            if not each.is_open:
                raised = replace(
                    each,
                    source_type=source_type,
                    priority=PRIORITIES[source_type],
                    created_at=event.occurred_at,
                )
                self._raise(raised, position, event)

    def _raise(self, item: Item, position: int, event: Event) -> None:
        self._put(item)
        rivals = list(self._open(event.swarm_id))
        if len(rivals) > MOST_OPEN:
            self._resolve([min(rivals, key=_weight)], position, event)

    def _resolve(self, items: Iterable[Item], position: int, event: Event) -> None:
        for each in list(items):
            self._put(replace(each, resolved_at=event.occurred_at, resolved_position=position))

    def _put(self, item: Item) -> None:
        self.items[item.item_id] = self.changed[item.item_id] = item

    def _open(self, swarm_id: str) -> Iterator[Item]:
        return (each for each in self.items.values() if each.is_open and each.swarm_id == swarm_id)

    def _about(self, event: Event, about: str) -> list[Item]:
        return [each for each in self._open(event.swarm_id) if each.about == about]

    def _of_proposal(self, proposal_id: str) -> list[Item]:
        found = self.items.get(item_id("proposal", proposal_id))
        return [found] if found and found.resolved_at is None else []


def _weight(item: Item) -> tuple[float, datetime | None, int]:
    return item.priority, item.created_at, item.position
