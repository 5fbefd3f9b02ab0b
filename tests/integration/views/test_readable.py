"""Who asks queries may read the views, and no other table, whenever that was made."""

import psycopg
import pytest

from projections import VIEWS, totals
from projections.privacy import EVERYTHING, ROLE
from projections.view import Row
from services.store.connect import connect
from services.views import Views, tables
from services.views.reader import ViewReader
from tests.integration.views.conftest import OpenViews
from tests.integration.views.writing import execute

DENIED = "permission denied"
ITS_TABLES = """
select count(*) from pg_class, aclexplode(relacl) as given
where grantee = 'perpetua_reader'::regrole and relkind = 'r'"""


def ask(database: str, table: str) -> Row | None:
    reader = ViewReader(database, 1)
    try:
        count = f"select count(*) as found from {table}"
        return reader.ask(lambda cursor: cursor.execute(count).fetchone(), EVERYTHING)
    finally:
        reader.close()


@pytest.mark.usefixtures("views")
def test_a_table_that_is_made_later_is_not_readable(database: str) -> None:
    execute(database, "create table salaries (id int)")
    with pytest.raises(psycopg.Error, match=DENIED):
        ask(database, "salaries")


def test_a_view_that_was_made_anew_is_readable(views: Views, database: str) -> None:
    views.rebuild("lineage")
    with connect(database) as connection:
        tables.reset(connection, totals.VIEW)
    for table in ("view_totals", "view_lineage"):
        assert ask(database, table) == {"found": 0}


def test_what_earlier_versions_let_be_read_is_not_readable_any_more(
    open_views: OpenViews, database: str
) -> None:
    open_views().close()
    execute(
        database,
        f"alter default privileges grant select on tables to {ROLE};"
        f"grant select on view_skips to {ROLE}; create table salaries (id int)",
    )
    for _ in range(2):
        open_views().close()
        execute(database, "create table if not exists wages (id int)")
        for table in ("salaries", "wages", "view_skips"):
            with pytest.raises(psycopg.Error, match=DENIED):
                ask(database, table)
        assert execute(database, ITS_TABLES) == [(len(VIEWS),)]
