"""Who may do what, in one place; what is not said here is not allowed."""

from collections.abc import Sequence
from typing import Final

from projections import privacy
from services.tokens import Principal

PUBLIC: Final = ("/health", "/openapi.json", "/docs", "/static-offline-docs")
"""Paths, and what is below them, that need no token: they tell nothing of what is thought."""
_OWN: Final = frozenset(
    {"observations", "thoughts", "hypotheses", "checks", "proposals", "reservations", "ask"}
)
"""What an agent may send to, below its own persona's path."""


def is_public(path: str) -> bool:
    """Tell whether a path needs no token."""
    return any(path == public or path.startswith(f"{public}/") for public in PUBLIC)


def may(principal: Principal, method: str, parts: Sequence[str]) -> bool:
    """Tell whether somebody may use a method on a path, given in its decoded parts."""
    reads = method in ("GET", "HEAD") or _searches(method, parts)
    match principal.role:
        case "operator":
            return True
        case "approver":
            return reads or _decides(method, parts)
        case "viewer":
            return reads
        case "agent":
            return _is_own(principal.persona_id, method, parts) or _is_shared(method, parts)
    return False


def reader_of(principal: Principal) -> privacy.Reader:
    """Tell as whom somebody reads memory: who decides must see what is decided on."""
    match principal.role:
        case "operator" | "approver":
            return privacy.EVERYTHING
        case "viewer":
            return privacy.PUBLIC
        case "agent" if principal.persona_id:
            return privacy.persona(principal.persona_id)
    return privacy.NOBODY


def _searches(method: str, parts: Sequence[str]) -> bool:
    match parts:
        case ["v1", "memory", "search"] | ["v1", "swarm", "personas", _, "memory", "search"]:
            return method == "POST"  # a query is too long for an address
    return False


def _decides(method: str, parts: Sequence[str]) -> bool:
    match parts:
        case ["v1", "cognition", "proposals", _, "approve" | "reject" | "settle"]:
            return method == "POST"
    return False


def _is_shared(method: str, parts: Sequence[str]) -> bool:
    """Tell whether agents of any persona ask for it: for whom it is, the handlers find out."""
    match parts:
        case ["v1", "cognition", "beliefs", *_] | ["v1", "cognition", "proposals", _]:
            return method in ("GET", "HEAD")
        case ["v1", "swarm", swarm, "blackboard"] if swarm != "personas":
            return method in ("GET", "HEAD")
        case ["v1", "swarm", _, "claims"] | ["v1", "swarm", _, "claims", _, "release"]:
            return method == "POST"
    return False


def _is_own(persona_id: str | None, method: str, parts: Sequence[str]) -> bool:
    match parts:
        case ["v1", "cognition", "proposals", _, "votes"]:
            return method == "POST"  # for itself: the vote says who casts it
        case ["v1", "swarm" | "cognition", "personas", own] if own == persona_id:
            return method in ("GET", "HEAD")
        case ["v1", "swarm", "personas", _, "memory" | "thoughts", _] if method in ("GET", "HEAD"):
            return True  # whose memory is shared, the database knows
        case ["v1", "swarm", "personas", own, "questions", *_] if own == persona_id:
            return method in ("GET", "HEAD")
        case ["v1", "swarm", "personas", own, part, *_] if own == persona_id:
            return (method == "POST" and part in _OWN) or _searches(method, parts)
    return False
