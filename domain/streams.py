"""Names of streams. Every part that comes from outside is percent-encoded."""

from hashlib import sha256
from urllib.parse import quote

FABRIC = "fabric"
"""The one stream of what concerns all, and the swarm id of its events."""
SEGMENT_SIZE = 1_000
"""Events in one thought or observation segment; the next opens only when it is full."""
LONGEST_PART = 1_100
"""Most characters of one part: two of them must fit an entry of the store's index, 2,704 bytes."""


def _part(text: str) -> str:
    quoted = quote(text, safe="")
    if len(quoted) <= LONGEST_PART:
        return quoted
    digest = sha256(text.encode()).hexdigest()
    return f"{quoted[: LONGEST_PART - len(digest) - 1]}!{digest}"  # quote() never leaves a `!`


def swarm(swarm_id: str) -> str:
    """Stream of a swarm."""
    return f"swarm/{_part(swarm_id)}"


def is_swarm(stream: str) -> bool:
    """Tell whether a stream is a swarm's."""
    return stream.startswith("swarm/")


def persona(persona_id: str) -> str:
    """Stream of a persona."""
    return f"persona/{_part(persona_id)}"


def proposal(proposal_id: str) -> str:
    """Stream of a proposal."""
    return f"proposal/{_part(proposal_id)}"


def target(tool: str, target_name: str) -> str:
    """Stream of what is pending or was done on one target."""
    return f"target/{_part(tool)}/{_part(target_name)}"


def work(swarm_id: str) -> str:
    """Stream of who works on what in a swarm."""
    return f"work/{_part(swarm_id)}"


def thoughts(persona_id: str) -> str:
    """Prefix of the thought segments of a persona."""
    return f"thoughts/{_part(persona_id)}"


def observations(swarm_id: str, source: str) -> str:
    """Prefix of the observation segments of one source in a swarm."""
    return f"observations/{_part(swarm_id)}/{_part(source)}"
