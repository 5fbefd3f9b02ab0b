"""Which parts of the input deserve a watcher of their own."""

from collections.abc import Mapping, Sequence

from services.cognition.statistical.failing import common, headline
from services.cognition.statistical.focus import Focus
from services.cognition.statistical.limits import Limits
from services.cognition.statistical.tally import SignatureTally, Sources


def worth_watching(
    sources: Sources, signatures: Mapping[str, SignatureTally], limits: Limits
) -> Sequence[Focus]:
    """The failing signatures with many sources or a high count, one for each kind of incident."""
    usual = common(sources)
    asking = dict.fromkeys(usual, 0)
    for tally in sources.tallies.values():
        asking[headline(tally, usual, limits.headline)] += 1
    chosen: list[Focus] = []
    for key in sorted(signatures, key=lambda key: (-signatures[key].total, key)):
        found, askers = signatures[key], asking.get(key)
        if askers == 0 or (askers is None and found.evidence.total == 0):
            continue  # another line of incidents that have one, or nothing loud
        many = (askers or 0) >= limits.watch_sources
        if found.total >= (limits.watch_lines if many else limits.watch_alone):
            chosen.append(_focus(found, askers or 0))
    return chosen[: limits.watchers]


def _focus(found: SignatureTally, askers: int) -> Focus:
    of = f" of {askers:,} source{'s' if askers > 1 else ''}" if askers else ""
    text = found.phrase.text
    return Focus(
        signature=text,
        charter=(
            f"Watch every '{text}' ({found.total:,} so far{of}): who or what causes it, how"
            " often, whether it grows; propose what ends it."
        ),
    )
