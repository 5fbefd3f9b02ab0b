"""What of the inputs was not kept, in words."""

from collections.abc import Sequence
from typing import Any, Final

from services.cli.screen import count

NAMED: Final = 3
"""Most sources named."""


def losses(sources: Sequence[dict[str, Any]]) -> str:
    """Say what was lost of which sources, as the API tells of them; nothing if nothing was."""
    lossy = [each for each in sources if each["dropped_lines"] or each["lost_files"]]
    told = [
        f"{said(each['dropped_lines'], each['lost_files'])} of {each['source']}"
        for each in lossy[:NAMED]
    ]
    if len(lossy) > NAMED:
        told.append(f"and of {len(lossy) - NAMED:,} more")
    return "; ".join(told)


def said(dropped_lines: int, lost_files: int) -> str:
    """Say what was lost, and by which setting."""
    parts = []
    if dropped_lines:
        parts.append(f"{count(dropped_lines, 'line')} over the limit dropped (see [inputs])")
    if lost_files:
        parts.append(f"{count(lost_files, 'file')} removed before the end was read")
    return ", ".join(parts)
