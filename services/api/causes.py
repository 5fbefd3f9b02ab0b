"""Finds what led to a proposal: back from its own events through its persona's thoughts.

A proposal follows from a thought; so do the checks of the same step; a check tests a hypothesis,
which again follows from a thought. All of that is in one thought log, not far before the proposal.
"""

from collections.abc import Iterator
from typing import Final

from domain import streams
from domain.events import (
    CheckRequested,
    CheckResult,
    HypothesisRaised,
    ProposalCreated,
    ThoughtGenerated,
)
from domain.recorded import Recorded
from domain.references import position_of
from services.store.mapper import to_recorded
from services.store.recorder import Recorder

_NEAR: Final = 1_000
"""A thought and its proposal are one save: the thought is within this many positions."""
_SHOWN: Final = 20
"""Positions among which the input of a thought is looked for."""
_CAUSING: Final = ("input", "question")
"""Tiers of what may make a persona think."""
_SEGMENTS: Final = 5
"""Segments of the thought log that are searched, from the thought back."""


def causes_of(recorder: Recorder, proposal_id: str) -> list[Recorded]:
    """Return the events of a proposal and all that led to it, by position."""
    own = [to_recorded(each) for each in recorder.span(streams.proposal(proposal_id), 1, _NEAR)]
    if not own or not isinstance(own[0].event, ProposalCreated):
        return own
    chain = _Chain(_log_before(recorder, own[0]))
    chain.follow(own[0].event)
    led = list(chain.found.values())
    seen = [cause for each in led for cause in _input_of(recorder, each)]
    every = {each.position: each for each in (*own, *led, *seen)}
    return [every[position] for position in sorted(every)]


def _input_of(recorder: Recorder, thought: Recorded) -> Iterator[Recorded]:
    """Yield the input or the question that made a persona think, if any did."""
    event = thought.event
    if isinstance(event, ThoughtGenerated):
        refs = [each.ref for each in event.context_refs if each.tier in _CAUSING]
        shown = {place for ref in refs[:_SHOWN] if (place := position_of(ref)) is not None}
        for stored in recorder.read_positions(sorted(shown)):
            recorded = to_recorded(stored)
            if recorded.event.event_id == event.causation_id:
                yield recorded


def _log_before(recorder: Recorder, created: Recorded) -> list[Recorded]:
    """Return what its persona thought until the proposal was made, as far as is searched."""
    prefix = streams.thoughts(created.event.persona_id or "") + "/"
    near = recorder.read(
        max(0, created.position - _NEAR), 2 * _NEAR, [created.partition],
        upto=created.position + _NEAR,
    )  # fmt: skip
    thoughts = (to_recorded(each) for each in near if each.stream.startswith(prefix))
    caused_by = created.event.causation_id
    thought = next((each for each in thoughts if each.event.event_id == caused_by), None)
    if thought is None:
        return []
    last = int(thought.stream.removeprefix(prefix))
    return [
        to_recorded(each)
        for number in range(max(0, last - _SEGMENTS + 1), last + 1)
        for each in recorder.span(f"{prefix}{number}", 1, streams.SEGMENT_SIZE)
    ]


class _Chain:
    """Walks from effects to causes within one log."""

    def __init__(self, log: list[Recorded]) -> None:
        self.found: dict[str, Recorded] = {}
        self._by_id = {each.event.event_id: each for each in log}
        self._hypotheses = {
            each.event.hypothesis_id: each
            for each in log
            if isinstance(each.event, HypothesisRaised)
        }
        self._checks = [e for e in log if isinstance(e.event, CheckRequested | CheckResult)]

    def follow(self, created: ProposalCreated) -> None:
        """Take in what led to a proposal."""
        self._back(created.causation_id)
        for ref in created.evidence_refs:
            self._back(ref)
        for hypothesis_id in self._tested(created):
            raised = self._hypotheses.get(hypothesis_id)
            self._back(raised.event.event_id if raised else None)

    def _tested(self, created: ProposalCreated) -> set[str]:
        """Return the hypotheses whose checks led to the proposal: those that share evidence.

        Where none of the same step does, all of that step did.
        """
        step = [e for e in self._checks if created.causation_id in self._causes(e)]
        results = [e.event for e in step or self._checks if isinstance(e.event, CheckResult)]
        cited = set(created.evidence_refs)
        close = {r.hypothesis_id for r in results if cited & set(r.evidence_refs)}
        tested = close or {r.hypothesis_id for r in results if step}
        for each in step or self._checks:
            event = each.event
            if isinstance(event, CheckRequested | CheckResult) and event.hypothesis_id in tested:
                self.found[event.event_id] = each
        return tested

    def _causes(self, recorded: Recorded | None) -> Iterator[str | None]:
        """Yield the ids of what led to an event, nearest first."""
        seen: set[str] = set()
        while recorded and recorded.event.causation_id and recorded.event.event_id not in seen:
            seen.add(recorded.event.event_id)
            yield recorded.event.causation_id
            recorded = self._by_id.get(recorded.event.causation_id)

    def _back(self, event_id: str | None) -> None:
        """Take in an event and the causes of it, as far as the log has them."""
        while event_id and event_id not in self.found:
            there = self._by_id.get(event_id)
            if there is None:
                return
            self.found[event_id] = there
            event_id = there.event.causation_id
