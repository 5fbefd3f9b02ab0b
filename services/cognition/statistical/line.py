"""A line as it was stored: the only thing this thinker reads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text with its citation.

    Attributes:
        source: where it came from (a file, an endpoint), as its observation says.
        position: the position of the stored observation batch.
        number: the line's number in that batch, from 0.
        text: the line without its end.
    """

    source: str
    position: int
    number: int
    text: str
