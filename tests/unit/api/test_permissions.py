"""Who may do what."""

import pytest

from services.api.permissions import is_public, may
from services.tokens import Principal

OPERATOR = Principal("user:operator", "operator")
APPROVER = Principal("user:ann", "approver")
VIEWER = Principal("user:vic", "viewer")
AGENT = Principal("persona:p1", "agent", "p1")


def allowed(who: Principal, method: str, path: str) -> bool:
    return may(who, method, path.split("/")[1:])


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [
        ("POST", "/v1/cognition/start", [OPERATOR]),
        ("POST", "/v1/swarm/personas", [OPERATOR]),
        ("POST", "/v1/swarm/personas/p1/token", [OPERATOR]),
        ("POST", "/v1/swarm/personas/p1/reap", [OPERATOR]),
        ("POST", "/v1/swarm/personas/p1/spawn", [OPERATOR]),
        ("POST", "/v1/swarm/personas/p1/resume", [OPERATOR]),
        ("GET", "/v1/cognition/stream", [OPERATOR, APPROVER, VIEWER]),
        ("GET", "/v1/swarm/personas", [OPERATOR, APPROVER, VIEWER]),
        ("GET", "/v1/swarm/personas/p2", [OPERATOR, APPROVER, VIEWER]),
        ("GET", "/v1/swarm/personas/p1", [OPERATOR, APPROVER, VIEWER, AGENT]),
        ("GET", "/v1/cognition/personas/p1", [OPERATOR, APPROVER, VIEWER, AGENT]),
        ("GET", "/v1/cognition/proposals/x", [OPERATOR, APPROVER, VIEWER, AGENT]),
        ("GET", "/v1/cognition/proposals", [OPERATOR, APPROVER, VIEWER]),
        ("GET", "/v1/thinkers", [OPERATOR, APPROVER, VIEWER]),
        ("POST", "/v1/cognition/proposals/x/approve", [OPERATOR, APPROVER]),
        ("POST", "/v1/cognition/proposals/x/reject", [OPERATOR, APPROVER]),
        ("POST", "/v1/cognition/proposals/x/settle", [OPERATOR, APPROVER]),
        ("POST", "/v1/cognition/proposals/x/votes", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/personas/p1/thoughts", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/personas/p1/observations", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/personas/p1/hypotheses", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/personas/p1/checks", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/personas/p1/proposals", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/personas/p1/reservations", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/personas/p1/reservations/r/settle", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/personas/p1/ask", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/personas/p2/ask", [OPERATOR]),
        ("GET", "/v1/swarm/personas/p1/questions", [OPERATOR, APPROVER, VIEWER, AGENT]),
        ("GET", "/v1/swarm/personas/p1/questions/q", [OPERATOR, APPROVER, VIEWER, AGENT]),
        ("GET", "/v1/swarm/personas/p2/questions/q", [OPERATOR, APPROVER, VIEWER]),
        ("POST", "/v1/swarm/personas/p1/questions", [OPERATOR]),
        ("POST", "/v1/swarm/personas/p2/thoughts", [OPERATOR]),
        ("POST", "/v1/swarm/personas/p1/thoughts/../../p2/thoughts", [OPERATOR, AGENT]),
        ("GET", "/v1/cognition/beliefs", [OPERATOR, APPROVER, VIEWER, AGENT]),
        ("GET", "/v1/cognition/beliefs/b", [OPERATOR, APPROVER, VIEWER, AGENT]),
        ("GET", "/v1/cognition/attention", [OPERATOR, APPROVER, VIEWER]),
        ("GET", "/v1/cognition/workspace", [OPERATOR, APPROVER, VIEWER]),
        ("GET", "/v1/picture", [OPERATOR, APPROVER, VIEWER]),
        ("GET", "/v1/swarm/s/blackboard", [OPERATOR, APPROVER, VIEWER, AGENT]),
        ("GET", "/v1/swarm/personas/blackboard", [OPERATOR, APPROVER, VIEWER]),
        ("POST", "/v1/swarm/s/claims", [OPERATOR, AGENT]),
        ("POST", "/v1/swarm/s/claims/t/release", [OPERATOR, AGENT]),
        ("POST", "/v1/memory/search", [OPERATOR, APPROVER, VIEWER]),
        ("POST", "/v1/swarm/personas/p1/memory/search", [OPERATOR, APPROVER, VIEWER, AGENT]),
        ("POST", "/v1/swarm/personas/p2/memory/search", [OPERATOR, APPROVER, VIEWER]),
        ("POST", "/v1/swarm/personas/p1/memory/hot", [OPERATOR]),
        ("DELETE", "/v1/swarm/personas/p1", [OPERATOR]),
        ("POST", "/v1/swarm/personas/p1/pause", [OPERATOR]),
    ],
)
def test_the_table_of_permissions(method: str, path: str, who: list[Principal]) -> None:
    found = [each for each in (OPERATOR, APPROVER, VIEWER, AGENT) if allowed(each, method, path)]
    assert found == who


def test_an_agent_without_a_persona_owns_nothing() -> None:
    assert not may(Principal("persona:", "agent", None), "GET", ["v1", "swarm", "personas", ""])


def test_a_role_nobody_knows_may_nothing() -> None:
    assert not allowed(Principal("user:x", "king"), "GET", "/v1/swarm/personas")


def test_only_what_tells_nothing_is_public() -> None:
    assert is_public("/health")
    assert is_public("/docs/oauth2-redirect")
    assert not is_public("/healthy")
    assert not is_public("/v1/cognition/status")
    assert not is_public("/")
