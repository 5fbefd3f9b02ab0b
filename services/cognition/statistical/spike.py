"""How dense a signature's lines come: by the minute, or by hundred lines where no time is told."""

_RECENT = 4


class Spike:
    """The densest bucket so far; only the last few buckets are kept, so lines come in order.

    Attributes:
        most: the weight in the densest bucket.
        when: the time stamp of its first line, or empty for hundreds of lines.
        buckets: how many buckets had lines, at least.
    """

    __slots__ = ("_recent", "_starts", "buckets", "most", "when")

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._starts: dict[int, str] = {}
        self.most = self.buckets = 0
        self.when = ""

    def add(self, bucket: int, weight: int, when: str) -> None:
        """Count a line of that bucket."""
        if bucket not in self._recent:
            if len(self._recent) == _RECENT:
                oldest = next(iter(self._recent))
                del self._recent[oldest], self._starts[oldest]
            self.buckets += 1
            self._recent[bucket], self._starts[bucket] = 0, when
        self._recent[bucket] += weight
        if self._recent[bucket] > self.most:
            self.most, self.when = self._recent[bucket], self._starts[bucket]

    def join(self, other: "Spike") -> None:
        """Take over what `other` has; two halves of one bucket are not added up."""
        if other.most > self.most:
            self.most, self.when = other.most, other.when
