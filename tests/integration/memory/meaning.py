"""What events mean by what they refer to, read from themselves: what memory is held against."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from domain.events import (
    CheckRequested,
    CheckResult,
    Event,
    HypothesisRaised,
    ProposalCreated,
    ThoughtGenerated,
)
from domain.recorded import Recorded
from projections.view import Row

KINDS = ("hypothesis", "check", "proposal")


class Said:
    """What rests on what, as each event said it when it came."""

    def __init__(self) -> None:
        self._rests: defaultdict[str, set[str]] = defaultdict(set)
        self._shown: dict[str, set[str]] = {}

    def hear(self, recorded: Recorded, there: Sequence[Row]) -> None:
        """Note what an event refers to, of the memories that are there before it."""
        event = recorded.event
        if isinstance(event, ThoughtGenerated):
            refs = [each.ref for each in event.context_refs]
            self._shown[event.event_id] = {m for ref in refs for m in _placed(event, ref, there)}
        elif isinstance(event, HypothesisRaised | CheckRequested | CheckResult | ProposalCreated):
            mine = self._rests[event.event_id]
            if not isinstance(event, CheckRequested):
                for ref in event.evidence_refs:
                    mine.update(_placed(event, ref, there) or _named(event, ref, there, KINDS))
            mine.update(_placed(event, event.causation_id or "", there))
            if isinstance(event, CheckRequested):
                for thought in _led_by(event, there):
                    self._rests[thought].add(event.event_id)
            if isinstance(event, CheckRequested | CheckResult):
                for tested in _named(event, event.hypothesis_id, there, KINDS[:1]):
                    mine.add(tested)
                    self._rests[tested].add(event.event_id)

    def rested_on(self, decision: str, there: Collection[str]) -> set[str]:
        """Return what a decision rests on, itself included, of what is there."""
        kept, waiting = set[str](), [decision]
        while waiting:
            each = waiting.pop()
            if each in there and each not in kept:
                kept.add(each)
                waiting += self._rests[each]
        shown = {memory for each in kept for memory in self._shown.get(each, ())}
        return kept | (shown & set(there))


def _placed(event: Event, ref: str, there: Sequence[Row]) -> list[str]:
    place = ref.partition("#")[0]
    return [
        row["memory_id"] for row in there
        if place in (row["memory_id"], str(row["position"])) and row["swarm_id"] == event.swarm_id
    ]  # fmt: skip


def _led_by(event: CheckRequested, there: Sequence[Row]) -> list[str]:
    return [
        row["memory_id"] for row in there
        if row["memory_id"] == event.causation_id and row["kind"] == "thought"
        and row["swarm_id"] == event.swarm_id
    ]  # fmt: skip


def _named(event: Event, name: str, there: Sequence[Row], kinds: Sequence[str]) -> Iterator[str]:
    """Yield the memory that has a name, of the first kind of which there is one."""
    for kind in kinds:
        for row in there:
            if (row["persona_id"], row["kind"], row["name"]) == (event.persona_id, kind, name):
                yield row["memory_id"]
                return
