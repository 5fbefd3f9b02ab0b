"""Sources that fail again and again."""

import re
from collections.abc import Mapping, Sequence

from services.cognition.statistical.evidence import Evidence
from services.cognition.statistical.finding import FAILING_SOURCE, Finding, confident, span, times
from services.cognition.statistical.limits import Limits
from services.cognition.statistical.lines.phrase import slug
from services.cognition.statistical.lines.words import words
from services.cognition.statistical.signatures import SignatureTally
from services.cognition.statistical.sources import Sources, SourceTally

_FOUR = re.compile(r"(?<!\d)(?=(\d{1,3})[-.](\d{1,3})[-.](\d{1,3})[-.](\d{1,3})(?!\d))")


def aliases(host: str) -> tuple[str, ...]:
    """The addresses a host name holds, as names given out by providers do, either way round."""
    if ":" in host or host.replace(".", "").isdigit():
        return ()
    four = [match.groups() for match in _FOUR.finditer(host)]
    return tuple(".".join(octets[::way]) for octets in four for way in (1, -1))


def common(sources: Sources) -> Mapping[str, int]:
    """The weight of each signature over all sources."""
    found: dict[str, int] = {}
    for tally in sources.tallies.values():
        for key, evidence in tally.evidence.items():
            found[key] = found.get(key, 0) + evidence.total
    return found


def headline(tally: SourceTally, usual: Mapping[str, int], share: float) -> str:
    """The signature that tells best what a source does: one for all lines of its incidents.

    Of its largest, and of these of the most usual ones, it is the one that says how an attempt
    ended, and says so first; so a line more or less at the edge of a log changes nothing.
    """
    most = max(evidence.total for evidence in tally.evidence.values())
    near = [key for key, found in tally.evidence.items() if found.total >= share * most]
    most = max(usual[key] for key in near)
    near = [key for key in near if usual[key] >= share * most]
    return min(near, key=lambda key: (_rank(key), -usual[key], -tally.evidence[key].total, key))


def _rank(key: str) -> int:
    first = key.split("-", 1)[0]
    return 0 if first in words().outcome else 1 if first in words().leading else 2


def failing_sources(
    sources: Sources, signatures: Mapping[str, SignatureTally], limits: Limits
) -> Sequence[Finding]:
    """A finding for each source whose failures are many, and many times its successes."""
    usual = common(sources)
    found: dict[str, Finding] = {}
    for source, tally in sources.tallies.items():
        key = headline(tally, usual, limits.headline)
        failures, successes = tally.evidence[key].total, sources.successes(source)
        least = limits.despite if successes else limits.failures
        if failures >= least and failures > limits.dominance * successes:
            text = signatures[key].phrase.text if key in signatures else key.replace("-", " ")
            found[source] = _finding(source, tally, key, text, successes, signatures)
    doubled = {source for source in found if any(name in found for name in aliases(source))}
    return [finding for source, finding in found.items() if source not in doubled]


def _finding(
    source: str,
    tally: SourceTally,
    key: str,
    text: str,
    successes: int,
    signatures: Mapping[str, SignatureTally],
) -> Finding:
    evidence: Evidence = tally.evidence[key]
    cited = evidence.cited()
    others = sorted((-found.total, name) for name, found in tally.evidence.items() if name != key)
    facts = [
        f"'{signatures[name].phrase.text if name in signatures else name}' {times(-count)}"
        " from the same source."
        for count, name in others
    ]
    if evidence.capped and evidence.total > cited.count:
        facts.append(f"{evidence.total:,} in all were counted, {cited.lines:,} lines are cited.")
    ratio = (evidence.total + 1) / (evidence.total + successes + 2)
    succeeded = f"succeeded {times(successes)}" if successes else "never succeeded"
    count = times(cited.count, evidence.capped)
    return Finding(
        key=f"failing-source-{slug(source, 100)}",
        kind=FAILING_SOURCE,
        subject=source,
        signature=text,
        count=cited.count,
        capped=evidence.capped,
        claim=(
            f"{source} failed {count} with '{text}' and {succeeded}"
            f"{span(evidence.first, evidence.last)}."
        ),
        rationale=(
            f"{cited.lines:,} cited lines say '{text}' of {source} as the one that asks; its"
            f" failures are {ratio:.0%} of its attempts, which is no slip of a good user."
        ),
        confidence=confident(ratio * evidence.total / (evidence.total + 3)),
        cites=cited.cites,
        facts=facts,
        spec={
            "kind": FAILING_SOURCE,
            "subject": source,
            "signature": text,
            "count": cited.count,
            "lines": cited.lines,
            "capped": evidence.capped,
            "successes": successes,
        },
    )
