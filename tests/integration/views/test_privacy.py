"""What a policy does not share is not found by any query, whoever asks and however."""

from collections.abc import Iterator
from operator import methodcaller

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from domain.limits import Limits, shared_with
from domain.sharing import Kin, may_read
from projections import VIEWS, privacy, sharing
from projections.privacy import EVERYTHING, NOBODY, PUBLIC, Reader
from services.store.recorder import Recorder
from services.views import Views
from services.views.reader import ViewReader
from tests.integration.views.conftest import OpenViews
from tests.integration.views.writing import write
from tests.unit.projections.given import History

NAMES = ("a", "b", "c", "d", "e")
WORDS = st.sampled_from(["swarm", "lineage", *(f"persona:{each}" for each in NAMES)])
TOLD_TO_ALL = {
    "view_lineage", "view_personas", "view_proposals", "view_sharing", "view_sources",
    "view_totals", "view_work",
}  # fmt: skip
"""Tables without a word of memory. A new one belongs here only if that is so."""
Family = list[tuple[str, str, str | None, Limits]]


@st.composite
def families(draw: st.DrawFn) -> Family:
    """Five personas of two swarms: each a root, or a child of one before it, sharing at will."""
    family: Family = []
    for name in NAMES:
        parent = draw(st.sampled_from([None, *(each for each, *_ in family)]))
        words = tuple(draw(st.sets(WORDS, max_size=2)))
        family.append(
            (name, draw(st.sampled_from(["one", "two"])), parent, Limits(share_with=words))
        )
    return family


def kin(family: Family) -> dict[str, Kin]:
    found: dict[str, Kin] = {}
    for name, swarm, parent, _ in family:
        above = {parent, *found[parent].ancestors} if parent else set()
        found[name] = Kin(name, swarm, above)
    return found


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(family=families(), distilled=st.booleans())
def test_the_database_knows_the_rule_of_the_domain(
    open_views: OpenViews, database: str, family: Family, distilled: bool
) -> None:
    history = History()
    for name, swarm, parent, limits in family:
        history.spawned(name, swarm, parent, limits)
    views = open_views(views=[sharing.VIEW])
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("delete from view_sharing")
        for statement in sharing.fold(history.recorded):
            cursor.execute(statement.sql, [statement.parameter])
    known = kin(family)
    for reader in NAMES:
        expected = {
            owner
            for owner, _, _, limits in family
            if may_read(known[reader], known[owner], shared_with(limits), distilled=distilled)
        }
        assert owners(views, privacy.persona(reader), distilled=distilled) == expected
    shown = {owner for owner, _, _, limits in family if "swarm" in shared_with(limits)}
    assert owners(views, PUBLIC, distilled=distilled) == shown
    assert owners(views, NOBODY, distilled=distilled) == set()


def owners(views: Views, reader: Reader, *, distilled: bool) -> set[str]:
    found = views.ask(
        lambda cursor: cursor.execute("select memory_owners(%s) as who", [distilled]).fetchall(),
        reader,
    )
    return {row["who"] for row in found}


@pytest.fixture
def told(store: Recorder) -> int:
    """Three personas of one swarm, each with a snapshot; only the second shares it."""
    history = History().spawned("a").spawned("b", limits=Limits(share_memory=True)).spawned("c")
    return write(store, history.distilled("a").distilled("b").distilled("c"))


@pytest.fixture
def ordinary(postgres: str, database: str) -> Iterator[str]:
    """URL of the same database for its owner, a user who is no superuser."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create role ordinary login")
        connection.execute("grant all on schema public to ordinary")
        connection.execute("grant select on all tables in schema public to ordinary")
    yield make_conninfo(database, user="ordinary")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("drop owned by ordinary cascade")
        connection.execute("drop role ordinary")


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (privacy.persona("a"), {"a", "b"}),
        (privacy.persona("b"), {"b"}),
        (privacy.persona("stranger"), set()),
        (PUBLIC, {"b"}),
        (NOBODY, set()),
        (Reader("persona:"), set()),
        (Reader("kept"), set()),
        (EVERYTHING, {"a", "b", "c"}),
    ],
)
@pytest.mark.usefixtures("told")
def test_a_query_finds_what_its_reader_may_see(
    open_views: OpenViews, reader: Reader, expected: set[str]
) -> None:
    views = open_views()
    views.catch_up()
    assert remembered(views, reader) == expected


@pytest.mark.usefixtures("told")
def test_policies_hold_for_a_user_who_owns_the_tables_too(store: Recorder, ordinary: str) -> None:
    views = Views(store, ordinary)
    try:
        views.catch_up()
        assert remembered(views, EVERYTHING) == {"a", "b", "c"}
        assert remembered(views, privacy.persona("a")) == {"a", "b"}
        assert remembered(views, NOBODY) == set()
    finally:
        views.close()


def test_every_view_that_holds_what_somebody_thought_is_guarded(
    open_views: OpenViews, database: str
) -> None:
    open_views(views=VIEWS)
    with psycopg.connect(database) as connection:
        guarded = connection.execute(
            "select relname from pg_class where relrowsecurity and relforcerowsecurity"
        ).fetchall()
    assert {view.table for view in VIEWS} - {name for (name,) in guarded} == TOLD_TO_ALL


@pytest.mark.usefixtures("told")
def test_a_query_that_names_no_reader_finds_nothing(open_views: OpenViews, database: str) -> None:
    open_views().catch_up()
    reader = ViewReader(database, 1)
    count = "select count(*) as found from view_snapshots"
    assert reader.ask(lambda cursor: cursor.execute(count).fetchone()) == {"found": 0}
    assert reader.ask(lambda cursor: cursor.execute(count).fetchone(), EVERYTHING) == {"found": 3}
    assert reader.ask(lambda cursor: cursor.execute(count).fetchone()) == {"found": 0}
    reader.close()


def test_a_query_can_change_nothing_and_read_no_events(
    open_views: OpenViews, database: str
) -> None:
    open_views()
    reader = ViewReader(database, 1)
    for forbidden in (
        "select count(*) from events",
        "delete from view_sharing",
        "alter table view_snapshots disable row level security",
    ):
        with pytest.raises(psycopg.Error, match=r"permission denied|must be owner|read-only"):
            reader.ask(methodcaller("execute", forbidden))
    reader.close()


def remembered(views: Views, reader: Reader) -> set[str]:
    sql = "select persona_id from view_snapshots"
    found = views.ask(lambda cursor: cursor.execute(sql).fetchall(), reader)
    return {row["persona_id"] for row in found}
