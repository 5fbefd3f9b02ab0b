"""A part of the input that one watcher looks at."""

from dataclasses import dataclass

from services.cognition.statistical.lines.phrase import key_of


@dataclass(frozen=True, slots=True)
class Focus:
    """Only the failures of one signature; successes are still read, to weigh them against.

    Attributes:
        signature: the failing words, as a finding has them.
        charter: what the watcher is for, in one sentence.
    """

    signature: str
    charter: str = ""

    @property
    def key(self) -> str:
        """What tells this focus from any other; stable, lower case, at most 128 characters."""
        return f"watch-{key_of(self.signature)}"

    @property
    def name(self) -> str:
        """A name for the watcher."""
        return f"Watcher of {self.signature}"[:128]

    def sees(self, key: str) -> bool:
        """Whether failures of the signature with that key are its business."""
        return key == key_of(self.signature)
