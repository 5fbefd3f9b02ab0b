"""Search finds what is alike, recent and worth it, of what its reader may see and nothing else."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

import psycopg
import pytest

from domain.thinking import Memory
from projections import privacy
from services import clock
from services.memory.near import Wanted
from services.memory.warm import Warm
from services.store.recorder import Recorder
from tests.integration.memory.warm_house import Counting, House, house, house_of_its_own, refs
from tests.remembered import share

HOUR = timedelta(hours=1)
A, B = privacy.persona("a"), privacy.persona("b")


@pytest.fixture(scope="module")
def one_house(postgres: str, template: str) -> Iterator[House]:
    with house_of_its_own(postgres, template) as warm:
        yield warm


@pytest.fixture
def warm(one_house: House) -> House:
    """A house with two personas in it and no memories."""
    one_house.empty()
    one_house.persona("a")
    one_house.persona("b")
    return one_house


@pytest.fixture(params=["vectors", "text"])
def indexed(request: pytest.FixtureRequest) -> bool:
    """Whether vectors have been made: what may be seen must not depend on it."""
    return bool(request.param == "vectors")


def test_what_is_alike_comes_first(warm: House, indexed: bool) -> None:
    disk = warm.node("the disk of the database is nearly full")
    login = warm.node("failed login of root over ssh")
    if indexed:
        warm.index(Counting())

    found = warm.find("root login failed")
    assert found.ranked_by == ("vectors" if indexed else "text")
    assert found.embedder == Counting().id
    assert refs(found)[0] == login
    assert refs(warm.find("disk nearly full"))[0] == disk


def test_another_finds_nothing_of_what_is_private(warm: House, indexed: bool) -> None:
    mine = warm.node("failed login of root", who="a")
    if indexed:
        warm.index(Counting())

    wanted = Wanted(persona_ids=["a"])
    assert refs(warm.find("failed login", A)) == [mine]
    for reader in (B, privacy.PUBLIC, privacy.NOBODY, privacy.persona("stranger")):
        assert refs(warm.find("failed login", reader)) == []
        assert refs(warm.find("failed login", reader, wanted)) == []


def test_the_vectors_themselves_are_kept_from_another(warm: House) -> None:
    warm.node("failed login of root", who="a")
    warm.index(Counting())

    def seen(reader: privacy.Reader) -> int:
        return warm.views.ask(
            lambda cursor: len(cursor.execute("select from memory_vectors").fetchall()), reader
        )

    assert [seen(reader) for reader in (A, privacy.EVERYTHING)] == [1, 1]
    assert [seen(reader) for reader in (B, privacy.PUBLIC, privacy.NOBODY)] == [0, 0, 0]


def test_what_is_shared_is_found_by_whom_it_is_shared_with(warm: House, indexed: bool) -> None:
    warm.persona("open", "swarm")
    warm.persona("pal", "persona:a")
    shared, named = warm.node("failed login", who="open"), warm.node("failed login", who="pal")
    if indexed:
        warm.index(Counting())

    assert set(refs(warm.find("failed login", A))) == {shared, named}
    assert refs(warm.find("failed login", B)) == [shared]
    assert refs(warm.find("failed login", privacy.PUBLIC)) == [shared]
    assert set(refs(warm.find("failed login"))) == {shared, named}


def test_what_is_nobodys_is_found_by_all_but_not_under_a_name(warm: House, indexed: bool) -> None:
    common = warm.node("failed login", who=None, kind="observation")
    if indexed:
        warm.index(Counting())

    assert refs(warm.find("failed login", A)) == refs(warm.find("failed login")) == [common]
    assert refs(warm.find("failed login", A, Wanted(persona_ids=["a"]))) == []


def test_kind_time_and_persona_narrow_it(warm: House, indexed: bool) -> None:
    old = warm.node("failed login", ago=10 * HOUR, kind="hypothesis")
    lasting = warm.node("failed login", ago=HOUR, first_ago=10 * HOUR)
    other = warm.node("failed login", who="b", ago=HOUR)
    if indexed:
        warm.index(Counting())
    now = clock.now()

    def found(wanted: Wanted) -> set[str]:
        return set(refs(warm.find("failed login", wanted=wanted)))

    assert found(Wanted(kinds=["hypothesis"])) == {old}
    assert found(Wanted(kinds=[])) == set()
    assert found(Wanted(since=now - 5 * HOUR)) == {lasting, other}
    assert found(Wanted(until=now - 5 * HOUR)) == {old, lasting}
    assert found(Wanted(persona_ids=["b"])) == {other}
    assert found(Wanted(persona_ids=[])) == set()


def test_of_what_is_as_alike_the_recent_and_the_worthy_come_first(warm: House) -> None:
    old = warm.node("failed login", ago=72 * HOUR)
    recent = warm.node("failed login")
    worthy = warm.node("failed login", ago=72 * HOUR, value=1.0)
    warm.index(Counting())

    assert refs(warm.find("failed login"))[0] == recent
    only_value = {"similarity": 1, "recency": 0, "value": 1}
    assert refs(warm.find("failed login", weights=only_value))[0] == worthy
    scores = {hit.ref: hit.score for hit in warm.find("failed login").hits}
    assert 0 < scores[old] < scores[worthy] < scores[recent] <= 1


def test_the_score_is_the_parts_weighed(warm: House) -> None:
    warm.node("failed login of root", ago=24 * HOUR, value=0.25)
    warm.index(Counting())

    [hit] = warm.find("failed login of root", half_life_hours=24).hits
    assert (hit.similarity, hit.recency) == pytest.approx((1, 0.5), abs=0.01)
    assert hit.score == pytest.approx(0.8 * 1 + 0.1 * 0.5 + 0.1 * 0.25, abs=0.01)


def test_vectors_of_another_embedder_are_not_compared(warm: House) -> None:
    warm.node("failed login")
    warm.index(Counting("old"))

    assert warm.find("failed login", embedder=Counting("new")).ranked_by == "text"


def test_no_model_is_loaded_for_a_query_before_there_is_a_vector_to_compare(warm: House) -> None:
    node = warm.node("failed login")
    embedder = Counting()
    search = warm.search(embedder)

    assert refs(search.find(A, "login")) == [node]
    assert embedder.texts == []
    warm.index(Counting())
    assert (search.find(A, "login").ranked_by, embedder.texts) == ("vectors", ["login"])


def test_while_the_embedder_is_away_words_are_compared(warm: House) -> None:
    node = warm.node("failed login")
    warm.index(Counting())
    away = Counting()
    away.is_away = True

    found = warm.find("login", embedder=away)
    assert (found.ranked_by, refs(found)) == ("text", [node])


@pytest.mark.parametrize(
    "query", ["", "the of and", "\0", "';--", "a & ! | (", "\N{SNOWMAN}" * 4_000]
)
def test_any_query_has_an_answer(warm: House, indexed: bool, query: str) -> None:
    warm.node("failed login")
    if indexed:
        warm.index(Counting())

    assert all(0 <= hit.score <= 1 for hit in warm.find(query).hits)


def test_where_a_filter_leaves_nothing_it_is_still_vectors_that_are_compared(warm: House) -> None:
    warm.node("failed login", who="a")
    warm.index(Counting())
    warm.node("failed login", who="b")

    none_left = warm.find("failed login", A, Wanted(kinds=["check"]))
    assert (none_left.ranked_by, refs(none_left)) == ("vectors", [])
    assert warm.find("failed login", B).ranked_by == "text"


async def test_a_step_recalls_what_its_persona_may_see(warm: House) -> None:
    warm.node("failed login", who="b")
    warm.node("failed login", who="a")
    warm.index(Counting())

    [memory] = await Warm(warm.search(Counting())).search("a", "failed login", 5)
    assert (memory.ref, memory.tier, memory.text) == ("2", "warm", "failed login")
    assert memory.score is not None
    assert 0 < memory.score <= 1


async def test_however_many_think_other_readers_find_a_connection(warm: House) -> None:
    warm.node("failed login", who="a")
    thinking = Warm(warm.search(Counting()))

    async def recall() -> Sequence[Memory]:
        try:
            return await asyncio.wait_for(thinking.search("a", "failed login", 5), 0.1)
        except TimeoutError:
            return ()

    with psycopg.connect(warm.database) as busy:
        busy.execute("lock table view_memories")
        assert await asyncio.gather(*(recall() for _ in range(10))) == [()] * 10
        other = asyncio.to_thread(warm.views.ask, lambda cursor: cursor.execute("select"))
        await asyncio.wait_for(other, 30)
    async with asyncio.timeout(60):
        while not await recall():
            pass


async def test_a_search_that_fails_says_so_and_the_next_one_has_its_turn(
    store: Recorder, database: str
) -> None:
    with house(store, database) as warm:
        thinking = Warm(warm.search(Counting()))
        share(warm.connection, "a")
        warm.node("failed login", who="a")
        warm.connection.execute("alter table view_memories rename to gone")
        for _ in range(2):
            with pytest.raises(psycopg.Error):
                await asyncio.wait_for(thinking.search("a", "failed login", 5), 20)
        warm.connection.execute("alter table gone rename to view_memories")
        assert await asyncio.wait_for(thinking.search("a", "failed login", 5), 20)
