"""What the calls of one request used together, and what came of them."""

from dataclasses import dataclass, replace

from domain.budget import Credits
from domain.events.cognition import Usage
from domain.thinking import ThinkRequest, ThinkResult


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a request."""

    request: ThinkRequest
    """As it was shown to whoever answered."""
    result: ThinkResult
    """The answer, its usage that of all calls together; or one with an error."""
    overspent: Credits | None = None
    """What a call used, if that is more than was reserved."""


class Spent:
    """What the calls of one request used together."""

    def __init__(self) -> None:
        self.calls = 0
        self.faults: list[str] = []
        """What went wrong so far."""
        self._usage = Usage()
        self._over: Credits | None = None

    def add(self, usage: Usage, need: Credits) -> Credits:
        """Count a call; return its credits."""
        self.calls += 1
        self._usage = Usage(
            prompt_tokens=self._usage.prompt_tokens + usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens + usage.completion_tokens,
            cpu_ms=self._usage.cpu_ms + usage.cpu_ms,
            cost_micro_usd=self._usage.cost_micro_usd + usage.cost_micro_usd,
        )
        used = Credits(usage.tokens, usage.cpu_ms)
        if not need.covers(used):
            self._over = used
        return used

    def answered(self, request: ThinkRequest, result: ThinkResult) -> Answered:
        """Tell what came of it, with all it cost."""
        return Answered(request, replace(result, usage=self._usage), self._over)
