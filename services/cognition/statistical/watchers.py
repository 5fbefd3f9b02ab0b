"""Which parts of the input deserve a watcher of their own."""

from collections.abc import Mapping, Sequence

from services.cognition.statistical.failing import common, headline
from services.cognition.statistical.focus import Focus
from services.cognition.statistical.limits import Limits
from services.cognition.statistical.signatures import SignatureTally
from services.cognition.statistical.sources import Sources


def worth_watching(
    sources: Sources, signatures: Mapping[str, SignatureTally], limits: Limits
) -> Sequence[Focus]:
    """The failing signatures with many sources or a high count, one for each kind of incident."""
    usual = common(sources)
    askers, theirs = dict.fromkeys(usual, 0), dict.fromkeys(usual, 0)
    for tally in sources.tallies.values():
        key = headline(tally, usual, limits.headline)
        askers[key] += 1
        theirs[key] += tally.evidence[key].total
    chosen: list[tuple[int, str, Focus]] = []
    for key, found in signatures.items():
        sourced = usual.get(key, 0) >= limits.addressed * found.total
        count = theirs[key] if sourced else found.evidence.total
        many = sourced and askers[key] >= limits.watch_sources
        if count >= (limits.watch_lines if many else limits.watch_alone):
            chosen.append((-count, key, _focus(found, count, askers[key] if sourced else 0)))
    return [focus for _, _, focus in sorted(chosen, key=lambda row: row[:2])[: limits.watchers]]


def _focus(found: SignatureTally, count: int, askers: int) -> Focus:
    of = f" of {askers:,} source{'s' if askers > 1 else ''}" if askers else ""
    text = found.phrase.text
    return Focus(
        signature=text,
        charter=(
            f"Watch every '{text}' ({count:,} so far{of}): who or what causes it, how"
            " often, whether it grows; propose what ends it."
        ),
    )
