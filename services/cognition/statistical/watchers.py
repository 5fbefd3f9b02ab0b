"""Which parts of the input deserve a watcher of their own."""

from collections.abc import Mapping, Sequence

from services.cognition.statistical.focus import Focus
from services.cognition.statistical.limits import Limits
from services.cognition.statistical.tally import SignatureTally, Sources

_SAME = 0.5


def worth_watching(
    sources: Sources, signatures: Mapping[str, SignatureTally], limits: Limits
) -> Sequence[Focus]:
    """The failing signatures with many sources or a high count, one for each incident."""
    asking: dict[str, set[str]] = {}
    for source, failures in sources.tallies.items():
        for key in failures.evidence:
            asking.setdefault(key, set()).add(source)
    chosen: list[Focus] = []
    covered: list[set[str]] = []
    for key in sorted(signatures, key=lambda key: (-signatures[key].total, key)):
        tally, their = signatures[key], asking.get(key, set())
        quiet = tally.evidence.total == 0 and not their
        many = len(their) >= limits.watch_sources and tally.total >= limits.watch_lines
        if quiet or not (many or tally.total >= limits.watch_alone):
            continue
        if their and any(len(their & other) >= _SAME * len(their) for other in covered):
            continue  # the same sources by another line of the same incidents
        covered.append(their)
        of = f" of {len(their):,} sources" if their else ""
        chosen.append(
            Focus(
                signature=tally.phrase.text,
                charter=(
                    f"Watch every '{tally.phrase.text}' ({tally.total:,} so far{of}): who or what"
                    " causes it, how often, whether it grows; propose what ends it."
                ),
            )
        )
        if len(chosen) == limits.watchers:
            break
    return chosen
