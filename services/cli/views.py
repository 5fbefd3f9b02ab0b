"""What the commands that look after single views share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from services.cli import screen
from services.cli.failures import Failure

if TYPE_CHECKING:
    from projections.view import View


class Refused(Failure):
    """This can't be done with one view; others may not be concerned."""


def view_named(name: str) -> "View":
    """Return the view of this name.

    Raises:
        Failure: there is none.
    """
    from projections import VIEWS

    views = {view.name: view for view in VIEWS}
    if name not in views:
        raise Failure(f"there is no view {name}; there are {', '.join(sorted(views))}")
    return views[name]


@contextmanager
def failures_of_views(into: str | None) -> Iterator[None]:
    """Say what is wrong in the words of these commands.

    Args:
        into: where the view is kept, if not in the store's own database.
    """
    from services.store.errors import StoreUnavailable
    from services.views.errors import NotRebuilt
    from services.views.ownership import KeptOtherwise
    from services.views.parallel import PartLost
    from services.views.skips import NotWhatStopsIt

    try:
        yield
    except (KeptOtherwise, NotRebuilt, NotWhatStopsIt, PartLost) as wrong:
        raise Refused(str(wrong)) from wrong
    except StoreUnavailable as wrong:
        if into is None:
            raise
        raise Failure(f"--into: {wrong.message}: check its URL, and that it runs") from wrong


def must_be_kept(into: str, view: "View", source: str) -> None:
    """See that a view is kept in a database, of the events of this `ce_source`.

    Raises:
        Refused: it is not kept there.
        ForeignHistory: it is of other events.
        StoreUnavailable: no server, or not permitted.
    """
    from services.views import ownership, tables
    from services.views.session import session

    with session(into) as connection:
        if not tables.are_there(connection, view):
            raise Refused(
                f"--into: there is no view {view.name}; `perpetua project {view.name}` makes it"
            )
        tables.install(connection, [view])
        ownership.must_belong(connection, view, source)


def skip(conninfo: str, view: "View", position: int, why: str) -> None:
    """Record that a view passes over the event that stopped it.

    Raises:
        NotWhatStopsIt: another event stopped it, or none.
        StoreUnavailable: no server, or not permitted.
    """
    from services.cli.who import operator
    from services.views import skips, tables
    from services.views.session import session

    with session(conninfo) as connection:
        tables.install(connection, [view])
        skips.decide(connection, view, position, why, operator())


def show_standings(told: list[dict[str, Any]]) -> None:
    """Print how the views stand: a table, what stops them, and what they pass over."""
    table = screen.table("VIEW", "KEPT", "BEHIND", "SINCE", "STOPPED", right=["BEHIND", "SINCE"])
    for each in told:
        kept = "apart" if each["apart"] else "by `perpetua up`"
        since = each["behind_secs"]
        table.add_row(
            each["name"], kept, f"{each['behind']:,}",
            f"{since:,.0f} s" if since else "",
            screen.said(_where(each["stopped"]), "red"),
        )  # fmt: skip
    screen.show(table)
    for each in told:
        for stop in each["stopped"]:
            screen.show(screen.said(stop_line(each["name"], stop), "red"))
        for decided in each["skipped"]:
            screen.show(screen.said(_skip(each["name"], decided)))


def _where(stopped: list[dict[str, Any]]) -> str:
    return f"in {screen.count(len(stopped), 'partition')}" if stopped else ""


def stop_line(name: str, stop: dict[str, Any]) -> str:
    """Say where a view is stopped, by what and why."""
    where = f"{name} is stopped in partition {stop['partition']} after position {stop['position']}"
    if stop["failed_position"] is None:
        return f"{where}: {stop['error']}"
    return f"{where}, by {stop['topic']} at position {stop['failed_position']}: {stop['error']}"


def _skip(name: str, decided: dict[str, Any]) -> str:
    what = f"{name} passes over {decided['topic'] or 'what is'} at position {decided['position']}"
    return f"{what}: {decided['why']} ({decided['by']}, {screen.when(decided['at'])})"
