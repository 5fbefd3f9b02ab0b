"""Numbers at the edge of what an event may say: no view stops at one, nor depends on the cut."""

from domain.events.cognition import ContextRef
from projections import VIEWS
from services.store.recorder import Recorder
from services.views import Views
from tests.integration.views.writing import Tables, execute, tables, write
from tests.unit.projections.given import History

SHARES = (0.0, 5e-324, 2.2250738585072014e-308, 1e-46, 1e-45, 1e-16, 0.1 + 0.2, 1 - 2**-53, 1.0)


def extreme() -> History:
    """A persona that thinks, supposes, checks and decides with every share in every place."""
    history = History().spawned("a")
    for number, share in enumerate(SHARES):
        shown = (ContextRef(ref=f"event-{number}", tier="warm", score=share),)
        history.thought("a", content=f"thought {'x' * number}", impact=share, context_refs=shown)
        history.supposed("a", f"b{number}", f"h{number}", confidence=share)
        history.requested("a", f"h{number}", f"k{number}")
        history.checked(
            "a", ("passed", "failed")[number % 2], f"h{number}", after=share, check_id=f"k{number}"
        )
        history.supposed("a", f"b{number}", f"g{number}", confidence=1 - share)
        history.checked("a", "inconclusive", f"g{number}", after=share, check_id=f"j{number}")
        history.proposed(f"p{number}", "a", evidence_refs=(f"h{number}",))
        history.supposed("a", f"b{number}", f"g{number}")
    return history.distilled("a", from_position=2)


def taken_in(store: Recorder, database: str, batch_events: int) -> Tables:
    views = Views(store, database, batch_events=batch_events)
    try:
        views.catch_up()
        assert not views.problems()
        return tables(database)
    finally:
        views.close()


def test_no_view_stops_at_an_extreme_share_nor_rounds_it_between_batches(
    store: Recorder, database: str
) -> None:
    write(store, extreme())
    whole = taken_in(store, database, 1_000)
    execute(
        database, "drop table if exists " + ", ".join(view.table for view in VIEWS) + " cascade"
    )
    execute(database, "delete from view_progress")
    assert taken_in(store, database, 1) == whole

    told = execute(database, "select value from view_memories where kind = 'hypothesis'")
    assert {share for (share,) in told} >= set(SHARES)
