"""What was found: a claim with its numbers, its lines, and what a check needs to count again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.cognition.statistical.lines.stamp import Stamp

FAILING_SOURCE, ERROR_BURST = "failing_source", "error_burst"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        key: the belief it is about; stable while its numbers grow, at most 128 characters.
        kind: 'failing_source' or 'error_burst'.
        subject: the source, in its one way of writing; empty for an error burst.
        signature: the failing words that lead it.
        count: the sum of the weights of the cited lines.
        capped: there are, or may have been, more: `count` is at least true.
        claim: one sentence with the numbers.
        rationale: why it is held.
        confidence: in [0.05, 0.95].
        cites: the lines counted: position of the batch to line numbers, ascending.
        facts: further facts, one sentence each.
        spec: what `recount` needs; fit for JSON.
    """

    key: str
    kind: str
    subject: str
    signature: str
    count: int
    capped: bool
    claim: str
    rationale: str
    confidence: float
    cites: Mapping[int, Sequence[int]]
    facts: Sequence[str]
    spec: Mapping[str, object]


def confident(value: float) -> float:
    """`value` to two places, within [0.05, 0.95]: neither certainty can be had by counting."""
    return round(min(0.95, max(0.05, value)), 2)


def times(count: int, capped: bool = False) -> str:
    """`count` in words: once, 12 times, at least 2,000 times."""
    told = "once" if count == 1 else "twice" if count == 2 else f"{count:,} times"
    return f"at least {told}" if capped else told


def span(first: Stamp | None, last: Stamp | None) -> str:
    """From when to when, as the lines say it; empty without time stamps."""
    if first is None or last is None:
        return ""
    same = first.text == last.text
    return f" (at {first.text})" if same else f" (from {first.text} to {last.text})"
