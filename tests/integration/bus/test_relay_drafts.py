"""What a relay publishes is made ahead of it, in order, and only where there is more."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from math import inf
from typing import Any

import pytest

from domain.recorded import Stored
from services.bus.client import Consumer, Outgoing, TopicPartition
from services.bus.relay.drafts import Drafts
from services.bus.relay.session import Session
from services.bus.topics import RELAY
from services.store.errors import StoreUnavailable
from services.store.migrate import migrate
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.relaying import PARTITIONS, Filling, threads

AT_ONCE = 10


class Watched(Recorder):
    """A store that notes after which positions it is read, and may go away."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(conninfo)
        self.afters: list[int] = []
        self.away_from: float = inf

    def read(self, after: int, *args: Any, **kwargs: Any) -> list[Stored]:
        self.afters.append(after)
        if after >= self.away_from:
            raise StoreUnavailable("it is away", "wait")
        return super().read(after, *args, **kwargs)


class Published:
    """A producer that keeps what is committed."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self._sent: list[Outgoing] = []

    def init(self) -> None: ...
    def begin(self) -> None: ...
    def send(self, records: Sequence[Outgoing]) -> None:
        self._sent += records

    def send_offsets(self, offsets: Mapping[TopicPartition, int], consumer: Consumer) -> None: ...
    def commit(self) -> None:
        self.records += self._sent
        self._sent.clear()

    def close(self) -> None: ...


@pytest.fixture
def store(empty_database: str) -> Iterator[Watched]:
    migrate(empty_database, PARTITIONS)
    with Watched(empty_database) as store:
        yield store


@pytest.fixture
def producer() -> Published:
    return Published()


@pytest.fixture
def session(store: Watched, producer: Published) -> Session:
    return Session(producer, store.store_id(), dict.fromkeys(range(PARTITIONS)))


@pytest.fixture
def drafts(store: Watched, session: Session) -> Iterator[Drafts]:
    with closing(Drafts(session, store, None, 0, AT_ONCE)) as drafts:
        yield drafts
    assert not threads()


def test_the_next_transaction_is_made_while_one_is_published(
    store: Watched, drafts: Drafts
) -> None:
    Filling(store).write(3 * AT_ONCE)
    _, upto = drafts.next(store.head())
    assert upto == AT_ONCE
    until(lambda: store.afters == [0, AT_ONCE], "the next one is read")


def test_nothing_is_made_ahead_of_what_is_stored_one_by_one(store: Watched, drafts: Drafts) -> None:
    filling = Filling(store)
    for number in range(1, 4):
        filling.write(1)
        draft, upto = drafts.next(store.head())
        assert (draft.events, upto) == (1, number)
    assert store.afters == [0, 1, 2]
    assert not threads()


def test_all_is_published_once_in_the_order_of_its_partition_while_more_is_stored(
    store: Watched, session: Session, drafts: Drafts, producer: Published
) -> None:
    filling = Filling(store)
    filling.write(5 * AT_ONCE)
    upto = 0
    with filling.under_way():
        while upto < 500:
            if (head := store.head()) > upto:
                draft, upto = drafts.next(head)
                session.publish(draft)
    events = [each for each in producer.records if each.topic != RELAY]
    assert [each.value for each in events] == [each.state for each in store.read(0, upto)]
    lasts = dict.fromkeys(range(PARTITIONS), b"0")
    for each in events:
        told = dict(each.headers)
        assert told["ce_previous"] == lasts[each.partition]
        lasts[each.partition] = told["ce_position"]


def test_a_store_that_goes_away_is_told_where_the_next_transaction_is_wanted(
    store: Watched, drafts: Drafts
) -> None:
    Filling(store).write(2 * AT_ONCE)
    store.away_from = AT_ONCE
    assert drafts.next(store.head())[1] == AT_ONCE
    until(lambda: store.afters == [0, AT_ONCE], "the next one is tried")
    with pytest.raises(StoreUnavailable):
        drafts.next(store.head())
