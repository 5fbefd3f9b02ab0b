"""Reconciliation over HTTP: looked at by who may read, done by operators."""

import httpx
import pytest

from tests.integration.api.serving import APPROVER, VIEWER, Served, persona

RECONCILIATION = "/v1/reconciliation"
PERSONAS = "/v1/swarm/personas"
NOTHING = {"findings": [], "mended": 0, "due": 0, "left": 0}


@pytest.fixture
def orphan(client: httpx.Client) -> str:
    """A child whose parent was reaped without it."""
    client.post(PERSONAS, json=persona("parent")).raise_for_status()
    client.post(PERSONAS, json=persona("child", parent_id="parent")).raise_for_status()
    client.post(f"{PERSONAS}/parent/reap").raise_for_status()
    return "child"


def test_where_nothing_is_wrong_the_answer_is_short(client: httpx.Client) -> None:
    assert client.get(RECONCILIATION).json() == NOTHING
    assert client.post(RECONCILIATION).json() == NOTHING


def test_what_is_found_is_told_and_then_mended_on_behalf_of_who_asks(
    client: httpx.Client, orphan: str
) -> None:
    [found] = client.get(RECONCILIATION).json()["findings"]
    assert (found["rule"], found["subject"], found["outcome"]) == ("orphans", orphan, "due")
    assert client.get(f"{PERSONAS}/{orphan}").json()["status"] == "active"

    told = client.post(RECONCILIATION).json()

    assert (told["mended"], told["due"], told["left"]) == (1, 0, 0)
    assert told["findings"][0] == {
        "rule": "orphans", "subject": orphan, "outcome": "mended", "note": "reaped child",
        "what": "lives, and its parent parent was reaped", "positions": [],
    }  # fmt: skip
    shown = client.get(f"{PERSONAS}/{orphan}").json()
    assert (shown["status"], shown["reaped_reason"]) == ("reaped", "cascade")
    assert client.get(RECONCILIATION).json() == NOTHING


def test_the_same_key_is_answered_the_same(client: httpx.Client, orphan: str) -> None:
    key = {"Idempotency-Key": "once"}
    first = client.post(RECONCILIATION, headers=key).json()
    assert client.post(RECONCILIATION, headers=key).json() == first
    assert first["mended"] == 1


def test_who_only_reads_may_look_and_not_mend(served: Served, orphan: str) -> None:
    for token in (VIEWER, APPROVER):
        with served.client(token) as reader:
            assert reader.get(RECONCILIATION).json()["due"] == 1
            refused = reader.post(RECONCILIATION)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
