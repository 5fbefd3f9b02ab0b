"""Which lines of a signature are told of elsewhere, and so are no part of a burst."""

from collections.abc import Iterable

from services.cognition.statistical.failing import aliases, common, headline
from services.cognition.statistical.finding import Finding
from services.cognition.statistical.limits import Limits
from services.cognition.statistical.signatures import SignatureTally
from services.cognition.statistical.sources import Sources


class Explained:
    """What failing sources, one-off slips and other lines of the same incidents explain."""

    def __init__(self, sources: Sources, failing: Iterable[Finding], limits: Limits) -> None:
        self._sources = sources
        self._blamed = {finding.subject for finding in failing}
        usual = common(sources)
        self._lead = {
            name: headline(tally, usual, limits.headline) for name, tally in sources.tallies.items()
        }

    def owners(self, tally: SignatureTally) -> set[int]:
        """The numbers of the addresses whose lines of this signature are explained.

        Those are the failing sources; who succeeds as well, and only slipped; and whose
        incidents are told of under another signature.
        """
        return {at for name, at in tally.owners.items() if self._is(name, tally.phrase.key)}

    def _is(self, name: str, key: str) -> bool:
        if name in self._blamed or not self._blamed.isdisjoint(aliases(name)):
            return True
        known = self._sources.tallies.get(name)
        if known is None or key not in known.evidence:
            return False
        return self._lead[name] != key or self._sources.successes(name) > 0
