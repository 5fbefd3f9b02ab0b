"""Evidence: what a proposal cites, with its text."""

from services.api.models.wire import Told
from services.gate.evidence import Citation


class CitedLine(Told):
    """One line of what is cited."""

    number: int
    """Its number, as the reference counts."""
    text: str


class Cited(Told):
    """A reference, looked up. Its text is somebody else's: escape it where it is shown."""

    ref: str
    fault: str | None
    """Why it is no evidence, null if it is."""
    position: int | None
    what: str | None
    """Event class, with the source of an observation."""
    lines: list[CitedLine]
    left_out: int
    """How many lines more it names."""


def cited(citation: Citation) -> Cited:
    """Tell what a reference names."""
    return Cited(
        ref=citation.ref,
        fault=citation.fault,
        position=citation.position,
        what=citation.what,
        lines=[CitedLine(number=number, text=text) for number, text in citation.lines],
        left_out=citation.left_out,
    )
