"""`docs/contracts.md` says what is: its tables are compared with the code."""

import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from domain import errors
from domain.events import ENVELOPE, EVENT_CLASSES
from domain.limits import Limits
from domain.vocabulary import TIERS
from services.api import refusals
from services.api.errors import status_of
from services.commands.lifecycle import Ceilings

PAGE = (Path(__file__).parents[3] / "docs" / "contracts.md").read_text(encoding="utf-8")
OF_HTTP = {
    "method_not_allowed": 405, "invalid_request": 422, "internal": 500, "query_too_slow": 503,
    "store_unavailable": 503,
}  # fmt: skip
"""Codes no class of ours has."""
DUMMIES: dict[Any, Any] = {str: "x", int: 1, int | None: None, Sequence[str]: ["x"]}


def table(first_column: str) -> Iterator[list[str]]:
    """Yield the rows of the table whose first column has this head."""
    found = re.search(rf"^\| {re.escape(first_column)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.M)
    assert found, first_column
    for row in found[1].splitlines():
        yield [cell.strip() for cell in row.strip("|").split("|")]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def every(error: type[Exception]) -> Iterator[type[Exception]]:
    for each in error.__subclasses__():
        yield each
        yield from every(each)


def refusing() -> dict[str, type[Any]]:
    """Return the classes that refuse, by code: all but the two that are only ever a base."""
    classes = {*every(errors.DomainError), *every(refusals.ApiRefusal)}
    return {each.code: each for each in classes}  # type: ignore[attr-defined]  # every refusal has one


def made(error: type[Exception]) -> Exception:
    """Make an error of a class, of anything."""
    hints = get_type_hints(error.__init__)
    parameters = list(inspect.signature(error.__init__).parameters.values())[1:]
    if error.__init__ in (errors.DomainError.__init__, refusals.ApiRefusal.__init__):
        return error("message")
    given = {p.name: DUMMIES.get(hints[p.name], {}) for p in parameters}
    return error(**given)


def test_every_class_of_event_is_listed_with_all_its_fields() -> None:
    rows = {quoted(row[0])[0]: quoted(row[2]) for row in table("class")}
    assert list(rows) == list(EVENT_CLASSES)
    for topic, model in EVENT_CLASSES.items():
        assert rows[topic] == [name for name in model.model_fields if name not in ENVELOPE]


def test_the_envelope_is_listed_in_its_order() -> None:
    section = PAGE.partition("Each begins with the envelope")[2]
    fields = re.findall(r"^\| `(\w+)` \|", section, re.M)
    assert tuple(fields[: len(ENVELOPE)]) == ENVELOPE


def in_words(value: object) -> str:
    return {"None": "null", "False": "false", "()": "none"}.get(str(value), str(value))


def test_every_limit_is_listed_with_its_default() -> None:
    rows = [(quoted(row[0])[0], row[1]) for row in table("of a persona (`policy`)")]
    assert rows == [(name, in_words(value)) for name, value in Limits()]


def test_the_ceilings_of_swarm_and_fabric_are_listed_with_their_defaults() -> None:
    rows = [(quoted(row[0])[0], row[1], row[2]) for row in table("of a swarm, of the fabric")]
    swarm, fabric = Ceilings().swarm, Ceilings().fabric
    assert rows == [
        (name, in_words(value), in_words(getattr(fabric, name))) for name, value in swarm
    ]


def test_every_refusal_is_listed_with_its_status() -> None:
    rows = {quoted(row[0])[0]: int(row[1]) for row in table("code")}
    statuses = {code: status_of(made(each)) for code, each in refusing().items()}
    assert rows == statuses | OF_HTTP
    assert list(rows.values()) == sorted(rows.values())


@pytest.mark.parametrize("error", list(every(errors.DomainError)), ids=lambda e: e.__name__)
def test_the_numbers_beside_a_refusal_are_listed(error: type[errors.DomainError]) -> None:
    cells = {quoted(row[0])[0]: quoted(row[3]) for row in table("code")}
    details = getattr(made(error), "details", {})
    assert set(details) <= set(cells[error.code])


def test_codes_are_as_many_as_classes() -> None:
    """A class without a code of its own would be told for another."""
    classes = {*every(errors.DomainError), *every(refusals.ApiRefusal)}
    doubled = {errors.NotFound, refusals.NothingThere}
    assert len(refusing()) == len(classes) - len(doubled) + 1


def test_every_tier_is_named() -> None:
    assert all(f"`{tier}`" in PAGE for tier in TIERS)


def test_the_page_links_to_what_there_is() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (Path(__file__).parents[3] / "docs" / link).exists(), link
