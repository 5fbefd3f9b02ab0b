"""Who may do what, in one place; what is not said here is not allowed."""

from collections.abc import Sequence
from typing import Final

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
    reads = method in ("GET", "HEAD")
    match principal.role:
        case "operator":
            return True
        case "approver":
            return reads or _decides(method, parts)
        case "viewer":
            return reads
        case "agent":
            return _is_own(principal.persona_id, method, parts)
    return False


def _decides(method: str, parts: Sequence[str]) -> bool:
    match parts:
        case ["v1", "cognition", "proposals", _, "approve" | "reject" | "settle"]:
            return method == "POST"
    return False


def _is_own(persona_id: str | None, method: str, parts: Sequence[str]) -> bool:
    match parts:
        case ["v1", "swarm" | "cognition", "personas", own] if own == persona_id:
            return method in ("GET", "HEAD")
        case ["v1", "swarm", "personas", own, part, *_] if own == persona_id:
            return method == "POST" and part in _OWN
    return False
