"""Settings of what comes in."""

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Rate = Annotated[float, Field(ge=0, le=1e9)]
"""Lines a second; 0: no limit."""


class InputSettings(BaseModel):
    """How much may come in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lines_per_second: Rate = 0
    """Most lines a second of one source; what is above is dropped, and told of. 0: no limit."""
    limits: dict[str, Rate] = {}
    """Limits of sources by their names: shell pattern to lines a second; the first that fits."""

    def limit_of(self, source: str) -> float:
        """Return the most lines a second of a source; 0 for no limit."""
        for pattern, limit in self.limits.items():
            if fnmatchcase(source, pattern):
                return limit
        return self.lines_per_second
