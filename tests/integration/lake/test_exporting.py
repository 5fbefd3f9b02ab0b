"""The lake is a function of the events: however they are cut, and wherever it stopped."""

import stat
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.recorded import Stored
from services.lake.exporter import Exporter
from services.lake.opening import opened
from services.lake.processes import export
from services.lake.sources import FromStore
from services.lake.work import Work
from services.store.recorder import Recorder
from tests.integration.lake.telling import (
    MANY,
    PARTITIONS,
    SMALL,
    every_event,
    expected,
    exported,
    manifest_of,
    on_disk,
    rows,
    seen,
    some,
    told,
)
from tests.integration.views.test_rebuilding import histories
from tests.integration.views.writing import write
from tests.unit.projections.given import History

pytestmark = pytest.mark.usefixtures("quick_disk")

cuts = st.lists(st.integers(1, 20), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def events() -> list[Stored]:
    return some(400)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories(), steps=st.lists(st.integers(1, 40), max_size=3))
def test_a_lake_exported_in_steps_has_every_event_of_the_store_once(
    store: Recorder, database: str, history: History, steps: list[int]
) -> None:
    before = store.head()
    with TemporaryDirectory() as folder:
        lake = Path(folder)
        exported(lake, FromStore.now(database, store, PARTITIONS))
        written = 0
        for count in steps:
            write(store, restreamed(history, before), written, written + count)
            exported(lake, FromStore.now(database, store, PARTITIONS))
            written += count
        write(store, restreamed(history, before), written)
        exported(lake, FromStore.now(database, store, PARTITIONS))
        assert rows(lake) == expected(every_event(store))


def restreamed(history: History, number: int) -> History:
    """Return a history whose streams are of this example alone."""
    other = History()
    other.recorded = [
        type(each)(
            each.position, f"{each.stream}/{number}", each.version, each.partition, each.event
        )
        for each in history.recorded
    ]
    return other


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=cuts, second=cuts, stop=st.integers(0, 400))
def test_deleted_and_exported_again_it_is_equal_row_for_row(
    events: list[Stored], first: list[int], second: list[int], stop: int
) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        exported(Path(one), told(events[:stop], first))
        exported(Path(one), told(events, second))
        exported(Path(other), told(events, second))
        assert rows(Path(one)) == rows(Path(other)) == expected(events)


def test_an_export_that_has_nothing_to_do_changes_nothing(
    tmp_path: Path, events: list[Stored]
) -> None:
    before = exported(tmp_path, told(events))
    assert exported(tmp_path, told(events)) == before


def test_where_nothing_happened_the_lake_is_empty_and_can_be_asked(tmp_path: Path) -> None:
    assert exported(tmp_path, told([])).rows == 0
    assert seen(tmp_path, "thought.generated") == []


def test_what_is_in_no_manifest_is_swept_and_nothing_else(
    tmp_path: Path, events: list[Stored]
) -> None:
    exported(tmp_path, told(events))
    known = on_disk(tmp_path)
    left = tmp_path / "thought.generated" / f"{7:012}-{9:012}-{'a' * 16}.parquet"
    of_others = tmp_path / "thought.generated" / "mine.parquet"
    left.write_bytes(b"half a file")
    of_others.write_bytes(b"not ours")
    exported(tmp_path, told(events))
    assert on_disk(tmp_path) - known == {"thought.generated/mine.parquet"}


def test_the_folder_is_for_its_owner_only(tmp_path: Path, events: list[Stored]) -> None:
    lake = tmp_path / "new" / "lake"
    exported(lake, told(events))
    for path in (lake.parent, lake, *lake.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_small_files_become_few_and_those_who_read_meanwhile_miss_nothing(
    tmp_path: Path, events: list[Stored]
) -> None:
    origin = told(events, [3])
    exported(tmp_path, told(events[:50], [3]), sizes=MANY)
    thoughts = [each.position for each in events if each.topic == "thought.generated"]
    looked: list[list[int]] = []
    wrong: list[BaseException] = []
    over = threading.Event()

    def look() -> None:
        try:
            while not over.is_set():
                looked.append(seen(tmp_path, "thought.generated"))
        except BaseException as error:
            wrong.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    exported(tmp_path, origin, sizes=MANY)
    over.set()
    reader.join()
    assert not wrong
    assert all(len(set(each)) == len(each) for each in looked)
    assert seen(tmp_path, "thought.generated") == thoughts
    manifest = manifest_of(tmp_path)
    assert len(manifest.data_sets["thought.generated"]) < 20
    assert manifest.retired
    assert {each.path for each in manifest.retired} <= on_disk(tmp_path)


def test_a_batch_that_begins_elsewhere_is_refused_and_taken_again(
    tmp_path: Path, events: list[Stored]
) -> None:
    """Two exporters of one lake take the same partitions, as after a rebalance."""
    half = told(events[:200], [4])
    whole = told(events, [9])
    with opened(tmp_path, whole.source, PARTITIONS) as lake:
        slow = Exporter(tmp_path, lake, whole.goal, SMALL)
        with whole.open(lake, None, None) as source:  # type: ignore[arg-type]  # refused before they are used
            steps = iter([False] * 20)
            slow.run(source, lambda: next(steps, True))  # holds some, handed over none
            export(lake, Work(half, sizes=SMALL), lambda: False)
            steps = iter([False] * 400)
            slow.run(source, lambda: next(steps, True))
        lake.sweep()
    assert rows(tmp_path) == expected(events)
    assert on_disk(tmp_path) == set(manifest_of(tmp_path).every_path())
