"""What can go wrong, one tree. docs/contracts.md has the codes, and what is beside each."""

from typing import Any

import httpx


class PerpetuaError(Exception):
    """The fabric refused, and nothing was done. `details` is what came beside the code."""

    def __init__(self, code: str, detail: str, status: int | None, details: dict[str, Any]) -> None:
        super().__init__(f"{detail} ({code})")
        self.code, self.detail, self.status, self.details = code, detail, status, details
        self.retry_after: float | None = details.get("retry_after_secs")
        """Seconds after which it may go well; None: no time helps, or nobody knows."""


class BudgetExhausted(PerpetuaError):
    """What the call may use at worst does not fit, for `retry_after` seconds: make no call."""


class NotAllowed(PerpetuaError):
    """The token is nobody's, or does not reach that far."""


class NotFound(PerpetuaError):
    """There is no such persona, proposal or reservation."""


class Conflict(PerpetuaError):
    """Not now, not any more, or taken."""


class Unavailable(PerpetuaError):
    """No answer for as long as it was tried: the one error that leaves open what was done."""


_KINDS = {401: NotAllowed, 403: NotAllowed, 404: NotFound, 409: Conflict, 429: BudgetExhausted}
_KINDS |= dict.fromkeys((502, 503, 504), Unavailable)


def told_by(response: httpx.Response) -> Any:
    """Return what an answer says; raise the refusal that it is, or that no fabric answered."""
    try:
        told = response.json()
        if response.is_success:
            return told
        code, detail = told.pop("code"), told.pop("detail")
    except (ValueError, TypeError, LookupError, AttributeError):
        told, code, detail = {}, "no_fabric", f"{response.url} is no fabric, or hides one"
    if (after := response.headers.get("Retry-After", "")).isdecimal():
        told.setdefault("retry_after_secs", float(after))
    kind = _KINDS.get(response.status_code, PerpetuaError)
    raise kind(code, detail, response.status_code, told)
