"""Large saves: refused in time, or stored; never a hang."""

from collections.abc import Callable

import psycopg
import pytest

from services.store.errors import EventTooLarge
from services.store.group_commit import GROUP_BYTES
from services.store.recorder import Recorder
from services.store.save import EVENT_LIMIT, SAVE_LIMIT, Save
from tests.integration.store.making import record, save


def test_a_save_of_ten_megabytes_is_refused_before_anything_is_written(store: Recorder) -> None:
    with pytest.raises(EventTooLarge) as refused:
        store.submit(save("large", count=20, size=500_000))
    assert (refused.value.size, refused.value.limit) == (10_000_000, SAVE_LIMIT)
    assert store.submit(save("small")).result() == (1,)


def test_a_save_just_under_the_limit_is_stored(store: Recorder) -> None:
    large = save("large", count=16, size=SAVE_LIMIT // 16)
    assert store.submit(large).result() == tuple(range(1, 17))
    assert [event.state for event in store.select_events("large")] == [
        event.state for event in large.records
    ]


def test_an_event_over_its_limit_is_refused_and_one_at_the_limit_is_stored(
    store: Recorder,
) -> None:
    with pytest.raises(EventTooLarge) as refused:
        store.submit(save("a", size=EVENT_LIMIT + 1))
    assert refused.value.limit == EVENT_LIMIT
    assert store.submit(save("a", size=EVENT_LIMIT)).result() == (1,)


def test_saves_that_wait_share_commits_of_bounded_size(store: Recorder, database: str) -> None:
    store.submit(save("warm")).result()
    large = [store.submit(save(f"s{n}", count=10, size=300_000)) for n in range(8)]
    small = [store.submit(save(f"t{n}")) for n in range(5_000)]
    positions = [position for future in large + small for position in future.result()]
    assert positions == list(range(2, 5_082))
    with psycopg.connect(database) as connection:
        commits = connection.execute(
            "select sum(length(state)) from events group by xmin::text"
        ).fetchall()
    assert len(commits) < 1_000  # five saves a commit, were it only that
    assert max(size for (size,) in commits) <= GROUP_BYTES


def test_one_save_the_server_refuses_does_not_take_others_with_it(store: Recorder) -> None:
    bad = Save([record("bad", topic="no\0text")])
    undecodable = Save([record("bad\udc80")])
    saves = [save("a"), bad, save("b"), undecodable, save("c")]
    outcomes = [future.exception() for future in [store.submit(each) for each in saves]]
    assert [type(each).__name__ for each in outcomes] == [
        "NoneType", "DataError", "NoneType", "UnicodeEncodeError", "NoneType",
    ]  # fmt: skip
    assert [each.stream for each in store.read(0, 10)] == ["a", "b", "c"]


@pytest.mark.parametrize("versions", [(0,), (-1,), (1, 3), (2, 1), (1, 1)])
def test_a_save_whose_versions_do_not_follow_is_refused(
    store: Recorder, versions: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="does not follow"):
        store.submit(Save([record("a", version) for version in versions]))


def test_a_save_of_nothing_is_refused(store: Recorder) -> None:
    with pytest.raises(ValueError, match="stores nothing"):
        store.submit(Save([]))


def test_closing_stores_what_still_waits(open_store: Callable[[], Recorder]) -> None:
    store = open_store()
    futures = [store.submit(save(f"s{n}")) for n in range(3_000)]
    store.close()
    assert [future.result(0)[0] for future in futures] == list(range(1, 3_001))
