"""Errors of one signature that come in a burst, or make up an unusual share of all lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.cognition.statistical.explained import Explained
from services.cognition.statistical.finding import ERROR_BURST, Finding, confident, span
from services.cognition.statistical.limits import Limits
from services.cognition.statistical.signatures import SignatureTally
from services.cognition.statistical.spike import Spike
from services.cognition.statistical.template import Templates


@dataclass(slots=True)
class Read:
    """How much was read.

    Attributes:
        lines: lines; weight: the same with repeated ones counted as often as they came.
        minutes: the minutes of the time stamps.
    """

    lines: int = 0
    weight: int = 0
    minutes: Spike = field(default_factory=Spike)


def error_bursts(
    signatures: Mapping[str, SignatureTally],
    explained: Explained,
    read: Read,
    templates: Templates,
    limits: Limits,
) -> Sequence[Finding]:
    """A finding for each signature that is unusual and not explained by its sources."""
    found = (
        _burst(tally, explained.owners(tally), read, templates, limits)
        for tally in signatures.values()
        if tally.evidence.total >= limits.small_lines
    )
    return [finding for finding in found if finding is not None]


def _burst(
    tally: SignatureTally, theirs: set[int], read: Read, templates: Templates, limits: Limits
) -> Finding | None:
    explained = sum(tally.owned[at] for at in theirs)
    addressed = sum(tally.owned[1:])
    total = tally.evidence.total
    if (
        explained
        and addressed >= limits.addressed * total
        and explained >= limits.explained * addressed
    ):
        return None
    count = total - explained
    share = count / max(1, read.weight)
    dense = _dense(tally, count, read, limits)
    if not (dense or _large(tally, count, share, limits)):
        return None
    return _finding(tally, theirs, count, dense, read, templates, limits)


def _large(tally: SignatureTally, count: int, share: float, limits: Limits) -> bool:
    if tally.client:
        return count >= limits.burst_lines and share >= limits.client_share
    if count >= limits.burst_lines and share >= limits.burst_share:
        return True
    return count >= limits.small_lines and share >= limits.small_share


def _dense(tally: SignatureTally, count: int, read: Read, limits: Limits) -> str:
    """Where the spike is, in words; empty without one."""
    spike = tally.spike
    buckets = read.minutes.buckets if spike.when else read.lines // 100
    if tally.client or spike.most < limits.burst_lines or buckets < limits.spike_span:
        return ""
    if spike.most > count or spike.most < limits.spike * count / buckets:
        return ""
    return (
        f"{spike.most:,} of them in one minute from {spike.when}"
        if spike.when
        else f"{spike.most:,} of them within 100 lines"
    )


def _finding(
    tally: SignatureTally,
    theirs: set[int],
    count: int,
    dense: str,
    read: Read,
    templates: Templates,
    limits: Limits,
) -> Finding:
    share = count / max(1, read.weight)
    text = tally.phrase.text
    cited = tally.evidence.cited(theirs)
    capped = tally.evidence.capped
    kinds = sorted((-size, number) for number, size in tally.templates.items())
    known = [found for _, number in kinds if (found := templates.get(number)) is not None]
    facts = [f"Other lines read '{template.text()}'." for template in known[1:3]]
    such = f" They read '{known[0].text()}'." if known else ""
    sources = len(tally.owners) - len(theirs)
    if sources:
        at_least = "at least " if len(tally.owners) >= limits.addresses_each else ""
        facts.append(f"They name {at_least}{sources:,} address{'es' if sources > 1 else ''}.")
    if theirs:
        facts.append(f"{tally.evidence.total - count:,} more are told of with their sources.")
    if capped:
        facts.append(f"{count:,} in all were counted, {cited.lines:,} lines are cited.")
    told = f"at least {cited.count:,}" if capped else f"{cited.count:,}"
    when = span(tally.evidence.first, tally.evidence.last) + (f", {dense}" if dense else "")
    return Finding(
        key=f"error-burst-{tally.phrase.key}",
        kind=ERROR_BURST,
        subject="",
        signature=text,
        count=cited.count,
        capped=capped,
        claim=(f"'{text}' came {told} times, {share:.1%} of {read.weight:,} lines{when}.{such}"),
        rationale=(
            f"{'They came in a spike' if dense else 'Their share of all lines is unusual'}, and"
            " no single source that fails again and again explains them."
        ),
        confidence=confident(0.4 + 0.5 * (1 - 10 / (10 + cited.count)) + min(0.1, share)),
        cites=cited.cites,
        facts=facts,
        spec={
            "kind": ERROR_BURST,
            "subject": "",
            "signature": text,
            "count": cited.count,
            "lines": cited.lines,
            "capped": capped,
            "share": round(share, 6),
            "read": read.weight,
        },
    )
