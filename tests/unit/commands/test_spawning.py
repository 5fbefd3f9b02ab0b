"""Who may spawn whom: the limits of persona, swarm and fabric, in the order of the contract."""

from typing import Any

import pytest

from domain.errors import (
    BranchingLimitExceeded,
    DomainError,
    ForeignSwarm,
    IdTaken,
    InvalidInput,
    PersonaNotFound,
    PersonaReapedError,
    SpawnDepthExceeded,
    SpawnQuotaExceeded,
    WiderThanParent,
)
from domain.limits import LARGEST, Limits
from services.commands.lifecycle import Ceilings
from tests.unit.commands.world import ROOMY, WIDE, World

NARROW = Limits(
    max_spawn_depth=3, max_branching_factor=3, token_budget_per_minute=100,
    compute_ms_per_minute=100, idle_ttl_secs=100, share_memory=False, allowed_tools=("a", "b"),
    token_budget_lifetime=100, compute_ms_lifetime=100, max_lifetime_spawns=3,
)  # fmt: skip


def refusal(world: World, error: type[DomainError], *args: Any, **more: Any) -> dict[str, Any]:
    """Spawn, see it refused, see that nothing was saved; return the code and the numbers."""
    before = len(world.saved)
    with pytest.raises(error) as refused:
        world.spawn(*args, **more)
    assert type(refused.value) is error
    assert len(world.saved) == before
    return {"code": refused.value.code, **refused.value.details}


def test_a_root_is_spawned_with_its_swarm_in_one_save() -> None:
    world = World()
    root = world.spawn("root")
    assert world.topics == ["swarm.created", "budget.leased", "budget.leased", "persona.spawned"]
    assert (root.swarm_id, root.identity.depth, root.identity.parent_id) == ("swarm-core", 0, None)
    assert {s for s, events in world.streams.items() if events} == {
        "fabric", "swarm/swarm-core", "persona/root",
    }  # fmt: skip


def test_a_child_is_spawned_in_one_save_of_parent_swarm_fabric_and_child() -> None:
    world = World()
    world.spawn("root")
    before = {stream: len(events) for stream, events in world.streams.items()}
    child = world.spawn("child", "root")
    written = {s for s, events in world.streams.items() if len(events) > before.get(s, 0)}
    assert written == {"persona/root", "swarm/swarm-core", "fabric", "persona/child"}
    assert world.guards == {}
    assert (child.identity.parent_id, child.identity.depth) == ("root", 1)


def test_a_child_has_its_parents_swarm_and_limits_unless_others_are_given() -> None:
    world = World()
    world.spawn("root", limits=NARROW, swarm_id="mine")
    child = world.spawn("child", "root")
    assert (child.swarm_id, child.limits) == ("mine", NARROW)
    assert world.spawn("other", "root", Limits(
        **{**NARROW.model_dump(), "idle_ttl_secs": 5}
    )).limits.idle_ttl_secs == 5  # fmt: skip


def test_a_parent_nobody_knows_is_not_found() -> None:
    assert refusal(World(), PersonaNotFound, "child", "nobody") == {
        "code": "persona_not_found", "persona_id": "nobody",
    }  # fmt: skip


def test_a_reaped_persona_cannot_spawn() -> None:
    world = World()
    world.spawn("root")
    world.reap("root")
    assert refusal(world, PersonaReapedError, "child", "root") == {
        "code": "persona_reaped", "persona_id": "root",
    }  # fmt: skip


def test_a_parent_has_only_so_many_live_children() -> None:
    world = World()
    world.spawn("root", limits=Limits(max_branching_factor=2))
    world.spawn("one", "root")
    world.spawn("two", "root")
    assert refusal(world, BranchingLimitExceeded, "three", "root") == {
        "code": "branching_limit_exceeded", "parent_id": "root", "actual": 2, "limit": 2,
    }  # fmt: skip


def test_a_reaped_child_frees_its_place() -> None:
    world = World()
    world.spawn("root", limits=Limits(max_branching_factor=1))
    world.spawn("one", "root")
    world.reap("one")
    assert world.spawn("two", "root").exists
    assert (world.persona("root").lifetime_spawns, world.persona("root").children) == (2, {"two"})


def test_no_generation_is_later_than_the_limit() -> None:
    world = World()
    world.spawn("g0", limits=Limits(max_spawn_depth=2))
    world.spawn("g1", "g0")
    world.spawn("g2", "g1")
    assert refusal(world, SpawnDepthExceeded, "g3", "g2") == {
        "code": "spawn_depth_exceeded", "parent_id": "g2", "actual": 3, "limit": 2,
    }  # fmt: skip


def test_a_persona_has_only_so_many_children_in_all_its_life() -> None:
    world = World()
    world.spawn("root", limits=Limits(max_lifetime_spawns=2))
    for child in ("one", "two"):
        world.spawn(child, "root")
        world.reap(child)
    assert refusal(world, SpawnQuotaExceeded, "three", "root") == {
        "code": "spawn_quota_exceeded", "account": "root", "which": "lifetime spawns",
        "actual": 3, "limit": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "which"),
    [("max_live_personas", "live personas"), ("max_lifetime_spawns", "lifetime spawns")],
)
@pytest.mark.parametrize("of", ["swarm", "fabric"])
def test_a_swarm_and_the_fabric_have_only_so_many_personas(of: str, field: str, which: str) -> None:
    ceilings = ROOMY.model_copy(update={of: WIDE.model_copy(update={field: 2})})
    world = World(Ceilings.model_validate(ceilings))
    world.spawn("one")
    world.spawn("two", "one")
    account = "swarm-core" if of == "swarm" else "fabric"
    assert refusal(world, SpawnQuotaExceeded, "three", "one") == {
        "code": "spawn_quota_exceeded", "account": account, "which": which,
        "actual": 3, "limit": 2,
    }  # fmt: skip
    world.reap("two")
    if field == "max_live_personas":
        assert world.spawn("three", "one").exists
    else:
        assert refusal(world, SpawnQuotaExceeded, "three", "one")["actual"] == 3


def test_the_fabric_counts_over_all_swarms() -> None:
    world = World(Ceilings(fabric=WIDE.model_copy(update={"max_live_personas": 2}), swarm=WIDE))
    world.spawn("one", swarm_id="a")
    world.spawn("two", swarm_id="b")
    assert refusal(world, SpawnQuotaExceeded, "three", swarm_id="c")["account"] == "fabric"


@pytest.mark.parametrize(
    ("field", "wider"),
    [
        ("max_spawn_depth", 4), ("max_branching_factor", 4), ("token_budget_per_minute", 101),
        ("compute_ms_per_minute", 101), ("idle_ttl_secs", 101), ("share_memory", True),
        ("allowed_tools", ("a", "c")), ("token_budget_lifetime", 101),
        ("token_budget_lifetime", None), ("compute_ms_lifetime", 101),
        ("compute_ms_lifetime", None), ("max_lifetime_spawns", 4), ("max_lifetime_spawns", None),
        ("share_with", ("lineage",)), ("share_with", ("swarm",)),
    ],
)  # fmt: skip
def test_a_childs_limits_are_never_wider_than_its_parents(field: str, wider: object) -> None:
    world = World()
    world.spawn("root", limits=NARROW)
    limits = NARROW.model_copy(update={field: wider})
    theirs = getattr(NARROW, field)
    assert refusal(world, WiderThanParent, "child", "root", limits) == {
        "code": "policy_wider_than_parent", "parent_id": "root",
        "fields": {field: [wider, theirs]},
    }  # fmt: skip


def test_every_field_of_the_limits_is_compared() -> None:
    world = World()
    world.spawn("root", limits=NARROW)
    numbers = {name: 1_000 for name, value in NARROW if type(value) is int}
    more = {"share_memory": True, "allowed_tools": ("c",), "share_with": ("lineage",)}
    limits = Limits.model_validate({**numbers, **more})
    told = refusal(world, WiderThanParent, "child", "root", limits)
    assert set(told["fields"]) == set(Limits.model_fields)


def test_what_is_not_limited_above_may_be_limited_below() -> None:
    world = World()
    world.spawn("root", limits=Limits(allowed_tools=("a", "b")))
    limits = Limits(
        allowed_tools=("b",), token_budget_lifetime=1, compute_ms_lifetime=1, max_lifetime_spawns=0
    )
    assert world.spawn("child", "root", limits).limits == limits


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ({"share_with": ("swarm",)}, {"share_memory": True}),
        ({"share_memory": True}, {"share_with": ("swarm",)}),
    ],
)
def test_what_is_shared_in_one_word_may_be_shared_in_the_other(
    above: dict[str, Any], below: dict[str, Any]
) -> None:
    world = World()
    world.spawn("root", limits=Limits(**above))
    assert world.spawn("child", "root", Limits(**below)).exists
    assert refusal(world, WiderThanParent, "other", "root", Limits(share_with=("lineage",)))


@pytest.mark.parametrize("reaped", [False, True])
def test_an_id_is_never_used_again(reaped: bool) -> None:
    world = World()
    world.spawn("root")
    world.spawn("child", "root")
    if reaped:
        world.reap("child")
    assert refusal(world, IdTaken, "child", "root") == {
        "code": "id_taken", "kind": "persona", "id": "child",
    }  # fmt: skip
    assert refusal(world, IdTaken, "child")["id"] == "child"
    assert refusal(world, IdTaken, "child", swarm_id="elsewhere")["id"] == "child"


FULL = Limits(max_branching_factor=0, max_spawn_depth=0, max_lifetime_spawns=0, idle_ttl_secs=1)
FAULTS: list[tuple[type[DomainError], dict[str, int | None]]] = [
    (BranchingLimitExceeded, {"max_branching_factor": 9}),
    (SpawnDepthExceeded, {"max_spawn_depth": 9}),
    (SpawnQuotaExceeded, {"max_lifetime_spawns": None}),
    (WiderThanParent, {"idle_ttl_secs": 3_600}),
    (ForeignSwarm, {}),
]
"""What is refused, in this order, and what mends it."""


def test_of_several_faults_the_first_of_the_contracts_order_is_told() -> None:
    """A parent that may nothing, a wide child, a strange and full swarm, a taken id."""
    full = WIDE.model_copy(update={"max_live_personas": 1})
    world = World(Ceilings(swarm=full, fabric=WIDE))
    world.spawn("stranger", swarm_id="theirs")
    refusal(world, PersonaNotFound, "stranger", "nobody", Limits(), "theirs")

    limits = FULL
    for number, (error, mend) in enumerate(FAULTS):
        parent_id = f"parent-{number}"
        world.spawn(parent_id, limits=limits, swarm_id=f"of-{parent_id}")
        refusal(world, error, "stranger", parent_id, Limits(), "theirs")
        world.reap(parent_id)
        refusal(world, PersonaReapedError, "stranger", parent_id, Limits(), "theirs")
        limits = limits.model_copy(update=mend)

    world.spawn("parent", limits=limits, swarm_id="home")
    assert refusal(world, SpawnQuotaExceeded, "stranger", "parent")["account"] == "home"
    world.ceilings = Ceilings(swarm=WIDE, fabric=WIDE.model_copy(update={"max_live_personas": 2}))
    new = ("stranger", "parent", None, "new")
    assert refusal(world, SpawnQuotaExceeded, *new)["account"] == "fabric"
    world.ceilings = ROOMY
    refusal(world, IdTaken, *new)


def test_a_refused_spawn_leaves_every_place_free() -> None:
    """The places of parent, swarm and fabric are set aside before the id is looked at."""
    world = World()
    world.spawn("root", limits=Limits(max_branching_factor=2))
    world.spawn("child", "root")
    for _ in range(5):
        refusal(world, IdTaken, "child", "root")
        world.check()
    assert world.spawn("two", "root").exists
    assert world.fabric().live_personas == 3


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"persona_id": ""}, "persona_id"), ({"persona_id": "x" * 129}, "persona_id"),
        ({"persona_id": "a\nb"}, "persona_id"), ({"persona_id": "\ud800"}, "persona_id"),
        ({"swarm_id": ""}, "swarm_id"), ({"swarm_id": "fabric"}, "swarm_id"),
        ({"limits": Limits(idle_ttl_secs=-1)}, "idle_ttl_secs"),
        ({"limits": Limits(max_lifetime_spawns=-1)}, "max_lifetime_spawns"),
        ({"limits": Limits(token_budget_per_minute=LARGEST + 1)}, "token_budget_per_minute"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any], field: str) -> None:
    told = refusal(World(), InvalidInput, **{"persona_id": "root", **wrong})
    assert (told["code"], told["field"]) == ("invalid_input", field)


def test_an_id_of_128_characters_of_any_language_is_one() -> None:
    world = World()
    for persona_id in ("x" * 128, "思" * 128, "a/b c%2F..", "\U0001f600" * 128):
        assert world.spawn(persona_id).persona_id == persona_id
    assert len(world.swarm().live) == 4
    assert all(len(stream) < 1_200 for stream in world.streams)


def test_a_child_may_not_go_to_a_swarm_that_its_ancestors_do_not_pay_for() -> None:
    world = World()
    world.spawn("root")
    world.spawn("sister", "root")
    world.spawn("stranger", swarm_id="theirs")
    world.spawn("guest", "root", swarm_id="founded")
    expected = {"code": "foreign_swarm", "swarm_id": "theirs", "persona_id": "root"}
    assert refusal(world, ForeignSwarm, "child", "root", swarm_id="theirs") == expected
    assert refusal(world, ForeignSwarm, "child", "sister", swarm_id="founded")
    assert refusal(world, ForeignSwarm, "child", "guest", swarm_id="swarm-core")
    assert world.spawn("second guest", "root", swarm_id="founded").exists
