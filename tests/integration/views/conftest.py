"""Views on a new database."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.store.recorder import Recorder
from services.views import Views
from tests.integration.views.writing import write
from tests.unit.projections.given import History

OpenViews = Callable[..., Views]


@pytest.fixture
def open_views(store: Recorder, database: str) -> Iterator[OpenViews]:
    """Opens views on one new database, as many as asked for; closed at the end."""
    opened: list[Views] = []

    def open_some(**options: Any) -> Views:
        opened.append(Views(store, database, **options))
        return opened[-1]

    yield open_some
    for views in opened:
        views.close()


@pytest.fixture
def views(open_views: OpenViews) -> Views:
    return open_views()


@pytest.fixture
def given(store: Recorder, views: Views) -> Callable[[History], Views]:
    """Stores a history and returns the views that have taken it in."""

    def store_it(history: History) -> Views:
        write(store, history)
        views.catch_up()
        return views

    return store_it
