"""What is tried again, when, and for how long."""

import httpx
import pytest

from perpetua_client import BudgetExhausted, Conflict, PerpetuaError, Unavailable
from perpetua_client.connection import Patience

NO_ANSWER = httpx.ReadError("broken")


def refusal(kind: type[PerpetuaError], code: str, after: float | None = None) -> PerpetuaError:
    return kind(code, "detail", 400, {"retry_after_secs": after})


@pytest.mark.parametrize(
    "passing",
    [
        NO_ANSWER,
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("late"),
        refusal(Unavailable, "store_unavailable", 1),
        refusal(Unavailable, "too_busy"),
        refusal(BudgetExhausted, "budget_exhausted", 12),
    ],
    ids=repr,
)
def test_what_passes_is_tried_again(passing: httpx.RequestError | PerpetuaError) -> None:
    after = getattr(passing, "retry_after", None) or 0
    assert after < Patience(30).pause(passing) <= after + 0.3


@pytest.mark.parametrize(
    "lasting",
    [
        refusal(Conflict, "persona_paused"),
        refusal(BudgetExhausted, "budget_exhausted"),
        refusal(PerpetuaError, "invalid_request"),
    ],
    ids=repr,
)
def test_what_does_not_pass_is_raised_at_once(lasting: PerpetuaError) -> None:
    with pytest.raises(type(lasting)) as raised:
        Patience(30).pause(lasting)
    assert raised.value is lasting


def test_a_url_that_can_be_none_is_said_at_once() -> None:
    with pytest.raises(Unavailable, match="http://"):
        Patience(30).pause(httpx.UnsupportedProtocol("URL is missing an 'http://'"))


def test_a_wait_that_outlasts_patience_is_not_begun() -> None:
    with pytest.raises(BudgetExhausted) as raised:
        Patience(30).pause(refusal(BudgetExhausted, "budget_exhausted", 31))
    assert raised.value.retry_after == 31


def test_no_answer_becomes_an_error_of_the_tree_when_patience_ends() -> None:
    with pytest.raises(Unavailable, match="broken") as raised:
        Patience(0).pause(NO_ANSWER)
    assert (raised.value.code, raised.value.status) == ("unreachable", None)
