"""Lineage over HTTP: as the contract says, and as of any moment, of anybody's kin, with credits."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.integration.api.serving import VIEWER, Served, persona, policy

LINEAGE = "/v1/swarm/lineage"
PERSONAS = "/v1/swarm/personas"


@pytest.fixture(scope="module")
def family(shared: Served) -> dict[str, Any]:
    """A root in `one` with a child there and one in `two`, a grandchild that ended, a root apart.

    Positions and times: of before anybody, and of before the grandchild ended.
    """
    with shared.client() as client:
        moments: dict[str, Any] = {"before": shared.app.recorder.head()}
        made(client, "root", swarm_id="one", policy=policy(token_budget_per_minute=1_000))
        made(client, "z", parent_id="root")
        made(client, "a", parent_id="root", swarm_id="two")
        made(client, "leaf", parent_id="a")
        made(client, "other", swarm_id="three")
        moments["all_alive"], moments["then"] = shared.app.recorder.head(), datetime.now(UTC)
        client.post(f"{PERSONAS}/leaf/reap").raise_for_status()
        client.post(f"{PERSONAS}/z/pause").raise_for_status()
        return moments


def made(client: httpx.Client, persona_id: str, **more: Any) -> None:
    client.post(PERSONAS, json=persona(persona_id, **more)).raise_for_status()


def told(client: httpx.Client, **asked: Any) -> dict[str, Any]:
    answer = client.get(LINEAGE, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def standing(answer: dict[str, Any]) -> dict[str, str]:
    return {node["persona_id"]: node["status"] for node in answer["nodes"]}


def test_without_parameters_it_is_what_the_contract_says(
    shared_client: httpx.Client, family: dict[str, Any]
) -> None:
    answer = told(shared_client)
    assert set(answer) == {"nodes", "roots", "total_edges"}
    assert (answer["roots"], answer["total_edges"]) == (["root", "other"], 3)
    assert {frozenset(node) for node in answer["nodes"]} == {
        frozenset({"persona_id", "parent_id", "children", "depth", "status"})
    }
    assert standing(answer) == {
        "root": "active", "other": "active", "z": "idle", "a": "active", "leaf": "reaped",
    }  # fmt: skip


def test_as_of_a_position_or_a_time_it_is_what_it_was(
    shared_client: httpx.Client, family: dict[str, Any]
) -> None:
    assert told(shared_client, as_of_position=family["before"])["nodes"] == []
    by_position = told(shared_client, as_of_position=family["all_alive"])
    by_time = told(shared_client, as_of_time=family["then"].isoformat())
    assert by_position == by_time
    assert set(standing(by_position).values()) == {"active"}
    assert told(shared_client, as_of_time="2999-01-01T00:00:00Z") == told(shared_client)


def test_it_shows_whom_somebody_descends_from_and_who_descends_from_it(
    shared_client: httpx.Client, family: dict[str, Any]
) -> None:
    above = told(shared_client, persona="leaf", direction="ancestors")
    assert list(standing(above)) == ["root", "a", "leaf"]
    assert (above["roots"], above["total_edges"]) == (["root"], 2)
    assert above["nodes"][0]["children"] == ["a"]
    below = told(shared_client, persona="a", direction="descendants")
    assert (list(standing(below)), below["roots"]) == (["a", "leaf"], ["a"])
    assert told(shared_client, persona="a") == below


def test_a_swarm_is_a_graph_of_its_own(shared_client: httpx.Client, family: dict[str, Any]) -> None:
    answer = told(shared_client, swarm="two")
    assert (list(standing(answer)), answer["roots"], answer["total_edges"]) == (
        ["a", "leaf"], ["a"], 1,
    )  # fmt: skip
    assert told(shared_client, swarm="nowhere") == {"nodes": [], "roots": [], "total_edges": 0}
    assert told(shared_client, persona="root", swarm="three")["nodes"] == []


def test_credits_are_what_can_still_be_reserved(
    shared_client: httpx.Client, family: dict[str, Any]
) -> None:
    call = {"call_id": "c", "tokens": 400, "cpu_ms": 10}
    for path in (f"{PERSONAS}/a/reservations",):
        reserved = shared_client.post(path, json=call)
        reserved.raise_for_status()
    left = {
        n["persona_id"]: n["credits_left"] for n in told(shared_client, credits="true")["nodes"]
    }
    assert left["leaf"] is None
    if datetime.now(UTC).isoformat() < reserved.json()["window_ends_at"]:
        assert (left["root"]["tokens"], left["a"]["tokens"], left["z"]["tokens"]) == (600, 600, 600)
    assert left["root"]["spawns"] == 2
    assert told(shared_client, credits="true", persona="a", swarm="two")["nodes"][0]["credits_left"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"persona": "a", "direction": "sideways"}, "ancestors"),
        ({"direction": "ancestors"}, "direction needs a persona"),
        ({"as_of_position": "-1"}, "greater than or equal to 0"),
        ({"as_of_position": "x"}, "integer"),
        ({"as_of_position": str(2**63)}, "less than or equal"),
        ({"as_of_time": "yesterday"}, "RFC 3339"),
        ({"as_of_time": "1700000000"}, "RFC 3339"),
        ({"as_of_time": "2026-08-01"}, "RFC 3339"),
        ({"as_of_time": "2026-08-01T12:00:00"}, "timezone"),
        ({"as_of_time": "2026-13-01T12:00:00Z"}, "month"),
        ({"as_of_position": 1, "as_of_time": "2026-08-01T12:00:00Z"}, "exclude each other"),
        ({"as_of_position": 1, "credits": "true"}, "credits are those of now"),
        ({"credits": "maybe"}, "boolean"),
        ({"swarm": "a\0b"}, "printable"),
        ({"persona": "x" * 300, "direction": "ancestors"}, "at most"),
    ],
)
def test_a_wrong_parameter_is_422_and_says_what_is_wrong(
    shared_client: httpx.Client, asked: dict[str, Any], reason: str
) -> None:
    answer = shared_client.get(LINEAGE, params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert reason in answer.json()["detail"]


def test_a_position_that_is_not_there_yet_is_422(shared: Served) -> None:
    head = shared.app.recorder.head()
    with shared.client(VIEWER) as viewer:
        answer = viewer.get(LINEAGE, params={"as_of_position": head + 1})
    assert answer.status_code == 422
    assert answer.json() == {
        "code": "invalid_input", "field": "as_of_position", "limit": head, "actual": head + 1,
        "detail": f"as_of_position {head + 1} is beyond the last event, {head}",
    }  # fmt: skip


def test_somebody_unknown_is_404_and_so_is_who_was_not_born_then(
    shared_client: httpx.Client, family: dict[str, Any]
) -> None:
    for asked in ({"persona": "nobody"}, {"persona": "a", "as_of_position": family["before"]}):
        answer = shared_client.get(LINEAGE, params=asked)
        assert (answer.status_code, answer.json()["code"]) == (404, "persona_not_found")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_first_and_the_last_of_times_are_times(shared_client: httpx.Client, time: str) -> None:
    assert shared_client.get(LINEAGE, params={"as_of_time": time}).status_code in (200, 422)
