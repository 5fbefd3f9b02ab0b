"""What goes back: which commands a person should look at, and what is kept of them."""

from collections.abc import Iterator

import pytest

from domain import errors
from services.api.errors import STATUSES
from services.bus.client import Incoming
from services.ingest import letters
from services.ingest.deciding import Decision
from services.ingest.decoding import Undecodable, fits
from tests.unit.ingest.commands import record


def decision(status: int, code: str = "x") -> Decision:
    return Decision(status, "c", {"code": code, "detail": "why"})


def limits(error: type[errors.LimitExceeded]) -> Iterator[type[errors.LimitExceeded]]:
    yield error
    for each in error.__subclasses__():
        yield from limits(each)


def reason(sent: Incoming) -> dict[str, bytes]:
    letter = letters.undecodable(sent, Undecodable("too_large", "é" * 3_000))
    return dict(letter.headers)


@pytest.mark.parametrize("kind", [*limits(errors.LimitExceeded)])
def test_a_limit_refuses_a_command_well_understood(kind: type[errors.LimitExceeded]) -> None:
    status = next(STATUSES[each] for each in kind.__mro__ if each in STATUSES)
    assert not letters.is_dead(decision(status, kind.code))


@pytest.mark.parametrize(
    ("status", "dead"),
    [(200, False), (400, True), (401, False), (403, False), (404, False), (409, False),
     (413, True), (415, True), (422, True), (428, False), (429, False), (500, True)],
)  # fmt: skip
def test_what_nobody_can_mean_and_what_broke_us_is_dead(status: int, dead: bool) -> None:
    assert letters.is_dead(decision(status)) is dead


@pytest.mark.parametrize("name", ["authorization", "Authorization", "AUTHORIZATION"])
def test_a_dead_letter_is_the_record_as_it_came_without_its_token(name: str) -> None:
    others = [("a", b"1"), ("a", b"2"), ("nothing", None)]
    sent = record(b"\0bytes", headers=[(name, b"Bearer secret"), *others])
    letter = letters.undecodable(sent, Undecodable("malformed_json", "why"))
    assert letter[:4] == ("perpetua.dead-letters", 3, b"p", b"\0bytes")
    assert letter.headers == [
        ("a", b"1"), ("a", b"2"), ("nothing", b""), ("reason-code", b"malformed_json"),
        ("reason", b"why"), ("source-topic", b"perpetua.commands"), ("source-partition", b"3"),
        ("source-offset", b"44"),
    ]  # fmt: skip


def test_of_a_record_too_large_to_pass_on_its_place_is_told() -> None:
    sent = record(b"x" * (16 * 1024 * 1024 + 1))
    assert not fits(sent)
    letter = letters.undecodable(sent, Undecodable("too_large", "why"))
    assert (letter.key, letter.value) == (None, b"")
    told = reason(sent)
    assert told.keys() == {
        "reason-code", "reason", "source-topic", "source-partition", "source-offset"
    }  # fmt: skip
    assert told["source-offset"] == b"44"


def test_a_reason_is_short_and_a_fault_of_ours_tells_nothing_of_itself() -> None:
    assert len(reason(record(b"x"))["reason"]) == 4_000
    fault = letters.broken(record(b"x"), ValueError("Bearer secret"))
    assert b"secret" not in dict(fault.headers)["reason"]
    assert dict(fault.headers)["reason-code"] == b"internal"
