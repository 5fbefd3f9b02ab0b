"""Leases: given some that nobody settled, when it is reconciled, then they are accounted for.

Agents elsewhere have an hour; a loop that is gone has none.
"""

from domain.budget import Credits
from domain.events import BudgetSettled
from domain.limits import Limits
from services.commands import budget, lifecycle
from services.commands.lifecycle import Ceilings, NewPersona
from tests.integration.reconciliation.house import CLOCK, House

SWARM = "swarm/swarm-core"


def settled(house: House) -> list[tuple[str, str, int]]:
    """Return whose leases of credits were settled, how, and with how many tokens."""
    return [
        (each.spent[0].holder, each.outcome, each.spent[0].tokens)
        for each in house.stored(BudgetSettled)
        if each.resource == "credits"
    ]


def lifetime(house: House, account: str) -> int:
    """Return the tokens that count against an account of the fabric's pool for ever."""
    used = house.decide(lambda unit: unit.fabric().pool.lifetime.get(account, Credits()))
    return used.tokens


def test_what_a_loop_leased_that_is_gone_is_forfeit_and_its_swarm_settled(house: House) -> None:
    lease_id = house.lease("ann", 5, epoch=house.begin_loop())
    granted = lifetime(house, SWARM)
    assert house.mend(CLOCK) == [], "its loop may settle it yet"
    house.begin_loop()
    assert house.look(CLOCK) == [("leases", lease_id, "due")]

    assert house.mend(CLOCK) == [
        ("leases", lease_id, "mended"), ("grants", "swarm-core", "mended"),
    ]  # fmt: skip

    assert settled(house) == [("persona/ann", "forfeit", 100), (SWARM, "settled", 100)]
    assert (granted > 100, lifetime(house, SWARM)) == (True, 100)
    assert house.mend(CLOCK) == []


def test_an_agent_elsewhere_has_an_hour(house: House) -> None:
    house.lease("ann", 59)
    assert house.mend(CLOCK) == []


def test_after_its_hour_a_reservation_is_forfeit(house: House) -> None:
    lease_id = house.lease("ann", 62)
    assert house.mend(CLOCK)[0] == ("leases", lease_id, "mended")
    assert settled(house)[0] == ("persona/ann", "forfeit", 100)
    assert house.mend(CLOCK) == []


def test_a_reservation_whose_holder_is_gone_is_left_until_its_hour_is_over(house: House) -> None:
    lease_id = house.lease("ann", 5)
    house.reaper.reap(house.executor.context("user:eve"), "ann", "manual")
    [found] = house.reconciler.mend(CLOCK)
    assert (found.rule, found.subject, found.outcome) == ("leases", lease_id, "left")
    assert "may be settled until" in found.note
    assert settled(house) == []


def test_what_a_swarm_at_rest_was_granted_is_settled_with_what_was_used(house: House) -> None:
    lease_id = house.lease("ann", 5)
    house.decide(lambda unit: budget.settle_leases(
        unit, "swarm-core", {lease_id: ("persona/ann", Credits(30))}
    ))  # fmt: skip
    assert house.mend(CLOCK) == [("grants", "swarm-core", "mended")]
    assert settled(house)[-1] == (SWARM, "settled", 30)
    assert lifetime(house, "fabric") == 30
    assert house.mend(CLOCK) == []


def test_a_founded_swarm_is_settled_before_the_swarm_that_pays_for_it(house: House) -> None:
    new = NewPersona(
        persona_id="far", name="n", role="r", charter="c", parent_id="ann", swarm_id="colony",
        limits=Limits(token_budget_per_minute=5_000, allowed_tools=()),
    )  # fmt: skip
    house.decide(lambda unit: lifecycle.spawn(unit, new, Ceilings()))
    lease_id = house.lease("far", 62)
    assert house.mend(CLOCK) == [
        ("leases", lease_id, "mended"),
        ("grants", "colony", "mended"),
        ("grants", "swarm-core", "mended"),
    ]
    assert lifetime(house, "fabric") == 100
    assert house.mend(CLOCK) == []
