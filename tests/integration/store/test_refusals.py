"""Who may write: versions, guards, fences and idempotency keys."""

from collections.abc import Callable, Sequence
from concurrent.futures import wait

import pytest
from eventsourcing.persistence import IntegrityError

from services.store.errors import (
    FenceLost,
    GuardConflict,
    KeyReused,
    KeyTaken,
    StoreUnavailable,
    VersionConflict,
)
from services.store.recorder import Recorder
from services.store.save import Answer, Fence, Save
from tests.integration.store.making import record, save

Store = Recorder


def answer(key: str = "k", body: bytes = b"body", text: str = "done at {}") -> Answer:
    def render(positions: Sequence[int]) -> str:
        return text.format(",".join(map(str, positions)))

    return Answer("agent", key, body, render, 201)


async def test_the_second_writer_of_a_version_is_refused_and_told_where_the_stream_stands(
    store: Store,
) -> None:
    await store.append(save("a", 1, count=3))
    with pytest.raises(VersionConflict) as refused:
        await store.append(save("a", 2))
    assert (refused.value.stream, refused.value.expected, refused.value.actual) == ("a", 1, 3)
    assert isinstance(refused.value, IntegrityError)


async def test_a_save_may_not_leave_out_versions(store: Store) -> None:
    with pytest.raises(VersionConflict):
        await store.append(save("a", 2))


async def test_a_save_of_several_streams_is_refused_as_a_whole(store: Store) -> None:
    await store.append(save("b"))
    with pytest.raises(VersionConflict):
        await store.append(Save([record("a"), record("b"), record("c")]))
    assert (store.head(), store.stream_head("a"), store.stream_head("c")) == (1, 0, 0)


def test_of_two_saves_in_one_group_that_conflict_the_earlier_wins(store: Store) -> None:
    futures = [store.submit(save("a")) for _ in range(50)]
    wait(futures)
    assert futures[0].result() == (1,)
    assert all(isinstance(future.exception(), VersionConflict) for future in futures[1:])


def test_a_save_may_continue_one_that_is_still_on_its_way(store: Store) -> None:
    futures = [store.submit(save("a", version)) for version in range(1, 500)]
    assert [future.result() for future in futures] == [(n,) for n in range(1, 500)]


async def test_a_guarded_stream_that_has_moved_refuses_the_save(store: Store) -> None:
    await store.append(save("read", 1, count=2))
    with pytest.raises(GuardConflict) as refused:
        await store.append(Save([record("a")], guards={"read": 1}))
    assert (refused.value.stream, refused.value.expected, refused.value.actual) == ("read", 1, 2)
    assert await store.append(Save([record("a")], guards={"read": 2})) == (3,)


async def test_a_guard_of_zero_wants_the_stream_not_to_exist(store: Store) -> None:
    assert await store.append(Save([record("a")], guards={"b": 0})) == (1,)
    with pytest.raises(GuardConflict):
        await store.append(Save([record("c")], guards={"a": 0}))


def test_a_guard_sees_the_saves_before_it_in_the_same_group(store: Store) -> None:
    store.submit(save("warm")).result()
    first = store.submit(save("read"))
    second = store.submit(Save([record("a")], guards={"read": 0}))
    third = store.submit(Save([record("b")], guards={"read": 1}))
    assert (first.result(), third.result()) == ((2,), (3,))
    assert isinstance(second.exception(), GuardConflict)


def test_what_another_process_wrote_between_two_saves_of_ours_is_seen(
    open_store: Callable[[], Store],
) -> None:
    """Whatever a writer remembers of its own last commits."""
    ours, other = open_store(), open_store()
    for version in range(1, 4):
        assert ours.submit(save("a", version)).result()
    assert ours.submit(save("read")).result()
    assert other.submit(Save([record("a", 4), record("read", 2)])).result() == (5, 6)
    late = ours.submit(save("a", 4)).exception()
    assert isinstance(late, VersionConflict)
    assert late.actual == 4
    guarded = ours.submit(Save([record("b")], guards={"read": 1})).exception()
    assert isinstance(guarded, GuardConflict)
    assert ours.submit(Save([record("a", 5)], guards={"read": 2, "b": 0})).result() == (7,)
    assert other.submit(save("b")).result() == (8,)
    assert isinstance(ours.submit(save("b")).exception(), VersionConflict)


async def test_an_epoch_rises_by_exactly_one_and_with_its_events(store: Store) -> None:
    await store.append(Save([record("loop")], raise_fence=Fence("loop", 1)))
    for wrong in (1, 3):
        with pytest.raises(FenceLost) as refused:
            await store.append(Save([record("loop", 2)], raise_fence=Fence("loop", wrong)))
        assert refused.value.current == 1
    assert (store.epoch("loop"), store.head()) == (1, 1)


async def test_who_holds_an_old_epoch_can_write_nothing(store: Store) -> None:
    await store.append(Save([record("a")], raise_fence=Fence("loop", 1)))
    await store.append(Save([record("a", 2)], fence=Fence("loop", 1)))
    await store.append(Save([record("b")], raise_fence=Fence("loop", 2)))
    with pytest.raises(FenceLost) as refused:
        await store.append(Save([record("a", 3)], fence=Fence("loop", 1)))
    assert (refused.value.name, refused.value.held, refused.value.current) == ("loop", 1, 2)


def test_of_many_that_raise_an_epoch_at_once_one_succeeds(store: Store) -> None:
    futures = [
        store.submit(Save([record(f"s{n}")], raise_fence=Fence("loop", 1))) for n in range(20)
    ]
    wait(futures)
    assert sum(future.exception() is None for future in futures) == 1


def test_a_fence_that_was_lost_in_the_same_group_refuses(store: Store) -> None:
    store.submit(Save([record("a")], raise_fence=Fence("loop", 1))).result()
    taken = store.submit(Save([record("b")], raise_fence=Fence("loop", 2)))
    late = store.submit(Save([record("a", 2)], fence=Fence("loop", 1)))
    assert taken.result() == (2,)
    assert isinstance(late.exception(), FenceLost)


async def test_a_command_sent_again_brings_the_first_answer(
    open_store: Callable[[], Store],
) -> None:
    store, other = open_store(), open_store()
    assert await store.append(Save([record("a"), record("b")], answer=answer())) == (1, 2)
    with pytest.raises(KeyTaken) as taken:
        await other.append(Save([record("a", 2)], answer=answer()))
    assert (taken.value.answer, taken.value.status) == ("done at 1,2", 201)
    given = store.answer_of("agent", "k")
    assert given and (given.body_hash, given.text, given.status) == (b"body", "done at 1,2", 201)
    assert store.head() == 2


async def test_a_key_with_another_body_is_refused(store: Store) -> None:
    await store.append(Save([record("a")], answer=answer()))
    with pytest.raises(KeyReused):
        await store.append(Save([record("a", 2)], answer=answer(body=b"other")))


async def test_a_refused_command_leaves_its_key_free(store: Store) -> None:
    with pytest.raises(VersionConflict):
        await store.append(Save([record("a", 5)], answer=answer()))
    assert store.answer_of("agent", "k") is None
    assert await store.append(Save([record("a")], answer=answer())) == (1,)


def test_the_same_command_many_times_in_one_group_happens_once(store: Store) -> None:
    futures = [store.submit(Save([record("a", n + 1)], answer=answer())) for n in range(20)]
    wait(futures)
    assert futures[0].result() == (1,)
    assert [str(getattr(f.exception(), "answer", "")) for f in futures[1:]] == ["done at 1"] * 19


async def test_a_command_without_events_keeps_its_answer(store: Store) -> None:
    assert await store.append(Save([], answer=answer(text="nothing to do"))) == ()
    with pytest.raises(KeyTaken) as taken:
        await store.append(Save([], answer=answer()))
    assert taken.value.answer == "nothing to do"


async def test_an_answer_that_can_not_be_rendered_stores_nothing(store: Store) -> None:
    with pytest.raises(IndexError):
        await store.append(Save([record("a")], answer=answer(text="{} {} {}")))
    assert store.head() == 0


async def test_a_closed_store_says_so(open_store: Callable[[], Store]) -> None:
    store = open_store()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.append(save("a"))
    with pytest.raises(StoreUnavailable, match="closed"):
        store.head()
