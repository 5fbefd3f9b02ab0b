"""A lake is built anew beside the old one, which readers see until the new one is whole."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.recorded import Stored
from services.lake import lake as lakes
from services.lake import manifest as manifests
from services.lake.errors import LakeDamaged, LakeForeign, LakeHeld, NoLake
from services.lake.manifest import Manifest
from services.lake.opening import opened
from services.lake.processes import export
from services.lake.work import Work
from tests.integration.lake.telling import (
    MANY,
    PARTITIONS,
    SMALL,
    expected,
    exported,
    forever,
    manifest_of,
    on_disk,
    poisoned,
    rows,
    seen,
    some,
    told,
)

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture(scope="module")
def events() -> list[Stored]:
    return some(200)


def test_readers_see_the_old_lake_until_the_new_one_is_whole(
    tmp_path: Path, events: list[Stored]
) -> None:
    exported(tmp_path, told(events))
    thoughts, before = seen(tmp_path, "thought.generated"), on_disk(tmp_path)
    looks: list[bool] = []

    def look(_: Manifest) -> None:
        looks.append(seen(tmp_path, "thought.generated") == thoughts)

    with opened(tmp_path, told(events).source, PARTITIONS, rebuild=True) as lake:
        export(lake, Work(told(events), sizes=SMALL), forever, look)
    assert len(looks) > 3
    assert all(looks)
    manifest = manifest_of(tmp_path)
    assert rows(tmp_path) == expected(events)
    assert not before & set(manifest.paths())
    assert before <= {each.path for each in manifest.retired}


def test_an_event_that_cannot_be_written_stops_its_partition_only_and_is_told(
    tmp_path: Path, events: list[Stored]
) -> None:
    poison = events[100]
    broken = poisoned(events, poison.position)
    stopped = exported(tmp_path, told(broken))
    [(partition, at)] = stopped.failed().items()
    assert (partition, at.failed_position) == (poison.partition, poison.position)
    assert at.error
    assert "UnknownSchema" in at.error
    there = [e for e in events if e.partition != partition or e.position < poison.position]
    assert rows(tmp_path) == expected(there)
    assert exported(tmp_path, told(broken)) == stopped  # tried again, and no row twice
    assert not exported(tmp_path, told(events)).failed()
    assert rows(tmp_path) == expected(events)


def test_a_rebuilt_lake_that_stops_sooner_never_takes_the_place_of_the_old_one(
    tmp_path: Path, events: list[Stored]
) -> None:
    exported(tmp_path, told(events))
    assert exported(tmp_path, told(poisoned(events, 100)), rebuild=True).failed()
    assert rows(tmp_path) == expected(events)
    exported(tmp_path, told(events))
    assert on_disk(tmp_path) == set(manifest_of(tmp_path).every_path())


@pytest.mark.parametrize("cuts", [[5], [1], [400]])
def test_a_rebuilt_lake_that_stops_where_the_old_one_does_takes_its_place(
    tmp_path: Path, events: list[Stored], cuts: list[int]
) -> None:
    broken = poisoned(events, 100)
    old = exported(tmp_path, told(broken))
    before = rows(tmp_path)
    exported(tmp_path, told(broken, cuts), rebuild=True)
    manifest = manifest_of(tmp_path)
    assert not set(old.paths()) & set(manifest.paths())
    assert rows(tmp_path) == before
    assert [at.failed_position for at in manifest.failed().values()] == [100]


def test_a_lake_of_another_store_is_replaced_even_by_one_that_was_stopped(
    tmp_path: Path, events: list[Stored]
) -> None:
    exported(tmp_path, told(events, source="/perpetua/another"))
    exported(tmp_path, told(poisoned(events, 100)), rebuild=True)
    assert manifest_of(tmp_path).source == told(events).source


def test_files_that_were_merged_are_removed_when_nobody_can_need_them(
    tmp_path: Path,
) -> None:
    left = exported(tmp_path, told(some(200), [3]), sizes=MANY)
    assert left.retired
    before = lakes.GRACE + timedelta(seconds=1)
    aged = [each.model_copy(update={"since": each.since - before}) for each in left.retired]
    manifests.save(tmp_path, left.model_copy(update={"retired": tuple(aged)}))
    assert not exported(tmp_path, told(some(200))).retired
    assert on_disk(tmp_path) == set(manifest_of(tmp_path).paths())
    assert rows(tmp_path) == expected(some(200))


def test_a_lake_whose_files_are_gone_or_torn_is_built_anew(
    tmp_path: Path, events: list[Stored]
) -> None:
    exported(tmp_path, told(events, [3]), sizes=replace(MANY, file_bytes=0))  # none is merged
    thoughts = list((tmp_path / "thought.generated").iterdir())
    for spoil in (lambda path: path.write_bytes(path.read_bytes()[:-1]), Path.unlink):
        for path in thoughts:
            spoil(path)
        with pytest.raises(LakeDamaged, match=r"\.parquet is gone or torn: .*--rebuild"):
            exported(tmp_path, told(events), sizes=MANY)
    exported(tmp_path, told(events), rebuild=True)
    assert rows(tmp_path) == expected(events)


def test_a_second_writer_is_told_who_holds_the_lake(tmp_path: Path, events: list[Stored]) -> None:
    source = told(events).source
    with (
        opened(tmp_path, source, PARTITIONS),
        pytest.raises(LakeHeld, match=f"process {os.getpid()} exports into"),
        opened(tmp_path, source, PARTITIONS),
    ):
        pass


def test_events_of_another_store_or_of_other_partitions_never_mix_in(
    tmp_path: Path, events: list[Stored]
) -> None:
    exported(tmp_path, told(events))
    with pytest.raises(LakeForeign, match="holds the events of /perpetua/a-store"):
        exported(tmp_path, told(events, source="/perpetua/another"))
    with pytest.raises(LakeForeign, match="12 partitions"), opened(tmp_path, told([]).source, 4):
        pass
    exported(tmp_path, told(events, source="/perpetua/another"), rebuild=True)
    assert manifest_of(tmp_path).source == "/perpetua/another"


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path, events: list[Stored]) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(NoLake, match=r"letters\.txt"):
        exported(tmp_path, told(events))
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]
