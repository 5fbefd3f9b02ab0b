"""Opening the views holds up nobody, and mends tables that earlier versions made."""

from contextlib import closing

import psycopg

from projections import totals
from services.store.connect import connect
from services.store.recorder import Recorder
from services.views import Views, tables
from services.views.session import SETTINGS
from tests.integration.views.conftest import OpenViews
from tests.integration.views.views_of_tests import counting
from tests.integration.views.writing import counted, execute, thoughts, write


def test_who_reads_how_far_the_views_are_holds_up_nobody_who_opens_them(
    views: Views, database: str
) -> None:
    views.catch_up()
    with psycopg.connect(database) as reader:
        reader.execute("select count(*) from view_progress, view_partitions")
        with closing(connect(database, {**SETTINGS, "lock_timeout": "1s"})) as connection:
            assert tables.install(connection, [totals.VIEW]) == []


def test_columns_that_earlier_versions_did_not_have_are_added(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    open_views(views=[counting()]).close()
    execute(
        database,
        "alter table view_progress drop column apart;"
        "alter table view_partitions drop column failed_topic",
    )
    write(store, thoughts("a", 3))
    views = open_views(views=[counting()])
    views.catch_up()
    assert counted(database) == {"a": 3}
    assert [each.apart for each in views.standings()] == [False]
