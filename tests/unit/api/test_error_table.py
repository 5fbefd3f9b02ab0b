"""What each error is on the wire."""

import json
from typing import Any

import psycopg
import pytest
from starlette.types import Message, Receive, Scope, Send

from domain import errors as domain
from services.api import refusals
from services.api.access_log import AccessLog
from services.api.errors import answer_to, status_of
from services.cognition.loop import CognitionDisabled, LoopElsewhere
from services.executor import TooBusy
from services.store import errors as store
from services.views.reader import QueryTooSlow


def every_kind_of(error: type[Exception]) -> list[type[Exception]]:
    kinds = [error]
    for each in error.__subclasses__():
        kinds += every_kind_of(each)
    return kinds


def made(kind: type[Exception]) -> Exception:
    """Make an error without asking what it takes."""
    return kind.__new__(kind)


def exhausted(retry_after_secs: int | None) -> domain.BudgetExhausted:
    return domain.BudgetExhausted(
        "persona/p1",
        "token",
        needed=9,
        left=1,
        limit=5,
        period="minute",
        retry_after_secs=retry_after_secs,
    )


def body(error: Exception) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(bytes(answer_to(error).body))
    return told


@pytest.mark.parametrize(
    "kind", [each for each in every_kind_of(domain.DomainError) if each is not TooBusy]
)
def test_a_broken_rule_is_never_our_fault(kind: type[Exception]) -> None:
    assert 400 <= status_of(made(kind)) < 500


@pytest.mark.parametrize("kind", every_kind_of(refusals.ApiRefusal)[1:])
def test_a_refusal_is_never_our_fault(kind: type[Exception]) -> None:
    assert 400 <= status_of(made(kind)) < 500


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (domain.PersonaNotFound, 404),
        (domain.ProposalNotFound, 404),
        (domain.ReservationNotFound, 404),
        (domain.BranchingLimitExceeded, 400),
        (domain.SpawnDepthExceeded, 400),
        (domain.SpawnQuotaExceeded, 400),
        (domain.WiderThanParent, 400),
        (domain.BudgetExhausted, 429),
        (domain.PersonaReapedError, 409),
        (domain.PersonaIsPaused, 409),
        (domain.IdTaken, 409),
        (domain.ProposalWrongState, 409),
        (domain.ShownHashMismatch, 409),
        (domain.ApprovalExpired, 409),
        (domain.IdempotencyKeyReused, 409),
        (domain.LoopSuperseded, 409),
        (LoopElsewhere, 409),
        (domain.ShownHashRequired, 428),
        (domain.InvalidInput, 422),
        (domain.EventTooLarge, 413),
        (store.EventTooLarge, 413),
        (domain.NotAllowed, 403),
        (domain.ForeignVoter, 403),
        (CognitionDisabled, 400),
        (TooBusy, 503),
        (store.StoreUnavailable, 503),
        (store.OutcomeUnknown, 503),
        (QueryTooSlow, 503),
        (psycopg.OperationalError, 503),
        (psycopg.errors.NumericValueOutOfRange, 422),
        (psycopg.errors.ProgramLimitExceeded, 422),
        (psycopg.errors.StatementTooComplex, 422),
        (ValueError, 500),
        (psycopg.ProgrammingError, 500),
    ],
)
def test_the_table_of_statuses(kind: type[Exception], status: int) -> None:
    assert status_of(made(kind)) == status


def test_an_error_tells_its_numbers() -> None:
    assert body(domain.SpawnDepthExceeded("p0", 5, 4)) == {
        "detail": "spawn depth 5 exceeds limit 4 of p0",
        "code": "spawn_depth_exceeded",
        "parent_id": "p0",
        "actual": 5,
        "limit": 4,
    }


def test_an_exhausted_budget_says_when_to_come_back() -> None:
    assert answer_to(exhausted(17)).headers["Retry-After"] == "17"
    assert int(answer_to(exhausted(None)).headers["Retry-After"]) > 60


def test_a_store_out_of_reach_is_503_and_tells_no_more_than_that() -> None:
    answer = answer_to(store.StoreUnavailable("connection refused", "start PostgreSQL"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    told = body(psycopg.OperationalError("password of user secret is wrong"))
    assert told["code"] == "store_unavailable"
    assert "secret" not in told["detail"]


def test_who_was_never_first_is_told_to_come_back_soon() -> None:
    answer = answer_to(TooBusy("too many others write the same; try again"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert json.loads(bytes(answer.body))["code"] == "too_busy"


def test_what_takes_too_long_says_so_and_what_to_expect() -> None:
    answer = answer_to(QueryTooSlow())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert body(QueryTooSlow()) == {
        "detail": "the query took more than 10 s",
        "code": "query_too_slow",
    }


def test_what_is_too_large_for_the_store_is_not_to_be_tried_again() -> None:
    answer = answer_to(psycopg.errors.ProgramLimitExceeded("string is too long for tsvector"))
    assert (answer.status_code, json.loads(bytes(answer.body))["code"]) == (422, "invalid_input")
    assert "Retry-After" not in answer.headers


def test_a_fault_of_ours_tells_nothing_of_itself() -> None:
    told = body(ValueError("a secret of the inside"))
    assert set(told) == {"detail", "code"}
    assert told["code"] == "internal"
    assert "secret" not in told["detail"]


async def test_what_breaks_is_answered_and_logged_under_its_correlation_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent: list[Message] = []

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("inside")

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/x",
        "headers": [(b"x-correlation-id", b"c1")],
        "client": None,
    }
    await AccessLog(broken)(scope, receive, send)
    assert sent[0]["status"] == 500
    assert (b"x-correlation-id", b"c1") in sent[0]["headers"]
    assert b"inside" not in sent[1]["body"]
    [fault] = [record for record in caplog.records if record.exc_info]
    assert fault.__dict__["correlation_id"] == "c1"
