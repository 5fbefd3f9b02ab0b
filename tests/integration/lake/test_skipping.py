"""An event that can never go into a lake is passed over once somebody has said so, and why."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.recorded import Stored
from services.lake.errors import LakeHeld, NoLake, NotWhatStopsIt
from services.lake.opening import opened
from services.lake.skips import decide
from tests.integration.lake.telling import (
    PARTITIONS,
    SOURCE,
    expected,
    exported,
    manifest_of,
    poisoned,
    rows,
    some,
    told,
)

pytestmark = pytest.mark.usefixtures("quick_disk")

POISON = 100
WHY = "written by a disk that lied"
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def events() -> list[Stored]:
    return some(200)


@pytest.fixture
def broken(events: list[Stored]) -> list[Stored]:
    return poisoned(events, POISON)


@pytest.fixture
def whole_but_one(events: list[Stored]) -> list[Stored]:
    return [each for each in events if each.position != POISON]


def test_a_lake_that_may_pass_over_what_stopped_it_has_everything_else(
    tmp_path: Path, broken: list[Stored], whole_but_one: list[Stored]
) -> None:
    exported(tmp_path, told(broken))
    assert not decide(tmp_path, POISON, WHY, "user:ann", NOW).failed()
    assert not exported(tmp_path, told(broken)).failed()
    assert rows(tmp_path) == expected(whole_but_one)


def test_a_decision_is_kept_with_who_made_it_when_and_why(
    tmp_path: Path, broken: list[Stored]
) -> None:
    [(partition, at)] = exported(tmp_path, told(broken)).failed().items()
    decide(tmp_path, POISON, WHY, "user:ann", NOW)
    [skip] = exported(tmp_path, told(broken)).skips
    assert (skip.position, skip.partition, skip.error) == (POISON, partition, at.error)
    assert (skip.why, skip.decided_by, skip.decided_at) == (WHY, "user:ann", NOW)


def test_a_lake_built_anew_passes_over_the_same_events(
    tmp_path: Path, broken: list[Stored], whole_but_one: list[Stored]
) -> None:
    exported(tmp_path, told(broken))
    skips = decide(tmp_path, POISON, WHY, "user:ann", NOW).skips
    before = exported(tmp_path, told(broken))
    exported(tmp_path, told(broken), rebuild=True)
    manifest = manifest_of(tmp_path)
    assert manifest.skips == skips
    assert not set(before.paths()) & set(manifest.paths())
    assert rows(tmp_path) == expected(whole_but_one)


def test_what_stopped_only_the_rebuilding_can_be_passed_over_too(
    tmp_path: Path, events: list[Stored], broken: list[Stored], whole_but_one: list[Stored]
) -> None:
    exported(tmp_path, told(events))
    exported(tmp_path, told(broken), rebuild=True)
    decide(tmp_path, POISON, WHY, "user:ann", NOW)
    assert rows(tmp_path) == expected(events)
    exported(tmp_path, told(broken), rebuild=True)
    assert rows(tmp_path) == expected(whole_but_one)


def test_only_what_stopped_a_lake_can_be_passed_over(
    tmp_path: Path, events: list[Stored], broken: list[Stored]
) -> None:
    with pytest.raises(NoLake):
        decide(tmp_path, POISON, WHY, "user:ann", NOW)
    assert not list(tmp_path.iterdir())
    exported(tmp_path, told(broken))
    with pytest.raises(NotWhatStopsIt, match=f"not stopped at position 99.*stopped at {POISON}"):
        decide(tmp_path, 99, WHY, "user:ann", NOW)
    stopped = manifest_of(tmp_path)
    exported(tmp_path, told(events))
    with pytest.raises(NotWhatStopsIt, match="nothing stops it"):
        decide(tmp_path, POISON, WHY, "user:ann", NOW)
    assert not stopped.skips
    assert not manifest_of(tmp_path).skips


def test_nobody_decides_while_another_process_writes(tmp_path: Path, broken: list[Stored]) -> None:
    exported(tmp_path, told(broken))
    with opened(tmp_path, SOURCE, PARTITIONS), pytest.raises(LakeHeld):
        decide(tmp_path, POISON, WHY, "user:ann", NOW)


def test_a_decision_on_the_events_of_one_store_says_nothing_of_those_of_another(
    tmp_path: Path, events: list[Stored], broken: list[Stored]
) -> None:
    exported(tmp_path, told(broken))
    decide(tmp_path, POISON, WHY, "user:ann", NOW)
    exported(tmp_path, told(events, source="/perpetua/another"), rebuild=True)
    assert not manifest_of(tmp_path).skips
    assert rows(tmp_path) == expected(events)
