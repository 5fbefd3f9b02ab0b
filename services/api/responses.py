"""Errors as the OpenAPI document tells of them: what may come, in which shape."""

from typing import Any, Final

from pydantic import ConfigDict

from services.api.models.wire import Told


class Problem(Told):
    """Any error. More fields may follow: the numbers and ids behind the sentence."""

    model_config = ConfigDict(extra="allow")

    detail: str
    """What was refused, and why, in a sentence."""
    code: str
    """Stable name of the rule."""


Responses = dict[int | str, dict[str, Any]]


def _problem(status: int, description: str, code: str, detail: str, **more: object) -> Responses:
    example = {"detail": detail, "code": code, **more}
    content = {"application/json": {"example": example}}
    return {status: {"model": Problem, "description": description, "content": content}}


COMMON: Final = (
    _problem(401, "No token, or nobody's.", "unauthenticated", "this token is nobody's")
    | _problem(403, "The token does not reach that far.", "forbidden", "user:ann may not")
    | _problem(
        422, "A field is missing or wrong.", "invalid_request", "body.name: Field required",
        errors=[{"field": "body.name", "message": "Field required"}],
    )
    | _problem(
        503, "The store is out of reach; try again.", "store_unavailable",
        "the connection was lost: check that PostgreSQL runs",
    )
)  # fmt: skip
"""What any endpoint may answer."""
BODY: Final = (
    _problem(400, "The body is not JSON, or a limit says no.", "malformed_json", "malformed JSON")
    | _problem(413, "The body or an event is too large.", "payload_too_large", "exceeds limit")
    | _problem(
        415, "The body is not said to be JSON.", "unsupported_media_type",
        "the body must be application/json",
    )
)  # fmt: skip
"""What any endpoint that takes a body may answer."""
UNKNOWN: Final = _problem(404, "No such thing.", "persona_not_found", "persona not found: p1")
LIMITED: Final = BODY | _problem(
    400, "A hard limit says no, or the body is not JSON.", "spawn_depth_exceeded",
    "spawn depth 5 exceeds limit 4 of p1", parent_id="p1", actual=5, limit=4,
)  # fmt: skip
REFUSED: Final = _problem(
    409, "Not in this state, or the id or the key was used before.", "id_taken",
    "persona id already used: p1", kind="persona", id="p1",
)  # fmt: skip
UNSHOWN: Final = _problem(
    428, "An approval must say what was shown.", "shown_hash_required",
    "approve proposal p1 with the shown_hash of what was shown", proposal_id="p1",
)  # fmt: skip
EXHAUSTED: Final = _problem(
    429, "The budget of this minute does not hold it; see Retry-After.", "budget_exhausted",
    "token budget of persona/p1 exhausted: 100 needed, 20 left of 20000",
    account="persona/p1", resource="token", needed=100, left=20, limit=20_000, retry_after_secs=17,
)  # fmt: skip
