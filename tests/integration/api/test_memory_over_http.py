"""What a persona remembers, told to who may know and to nobody else."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.integration.api.agent import PERSONAS
from tests.integration.api.listening import listening
from tests.integration.api.serving import VIEWER, Served, persona, policy

TIERS = ("memory/hot", "memory/warm", "memory/cold")


@dataclass(frozen=True)
class Family:
    """Personas of one swarm, each with a thought and a snapshot; `open` shares them."""

    served: Served
    operator: httpx.Client
    swarm: str
    thoughts: dict[str, str]
    """Id of each one's thought."""

    def agent(self, name: str) -> httpx.Client:
        token = self.operator.post(f"{PERSONAS}/{name}/token").json()["token"]
        return self.served.client(token)


@pytest.fixture(scope="module")
def family(shared: Served, shared_client: httpx.Client) -> Iterator[Family]:
    thoughts = {}
    for name, more in (("hidden", {}), ("open", {"share_memory": True}), ("other", {})):
        body = persona(name, swarm_id="family", policy=policy(**more))
        shared_client.post(PERSONAS, json=body).raise_for_status()
        thoughts[name] = think(shared_client, name, f"what {name} thinks")
    for name in ("hidden", "open"):
        shared_client.post(f"{PERSONAS}/{name}/spawn", json=persona(f"{name}-child"))
        think(shared_client, f"{name}-child", "a child's thought")
        shared_client.post(f"{PERSONAS}/{name}-child/reap").raise_for_status()
    yield Family(shared, shared_client, "family", thoughts)


def think(client: httpx.Client, name: str, content: str, **more: Any) -> str:
    body = {"phase": "reflect", "content": content, **more}
    told = client.post(f"{PERSONAS}/{name}/thoughts", json=body).raise_for_status().json()
    return str(told["id"])


def test_the_operator_reads_the_last_thoughts_newest_first(family: Family) -> None:
    think(family.operator, "other", "and then", impact=0.75)
    told = family.operator.get(f"{PERSONAS}/other/memory/hot").json()
    assert [each["content"] for each in told] == ["and then", "what other thinks"]
    assert told[0].keys() == {
        "id", "position", "timestamp", "phase", "content", "impact", "source", "model", "error",
    }  # fmt: skip
    assert told[0]["impact"] == 0.75
    assert len(family.operator.get(f"{PERSONAS}/other/memory/hot?limit=1").json()) == 1


def test_the_graph_is_listed_newest_first_by_kind_and_page(family: Family) -> None:
    first = family.thoughts["other"]
    refs = {"belief_key": "k", "claim": "so it is", "confidence": 0.5, "evidence_refs": [first]}
    family.operator.post(f"{PERSONAS}/other/hypotheses", json=refs).raise_for_status()
    path = f"{PERSONAS}/other/memory/warm"
    told = family.operator.get(path).json()
    assert (told[0]["kind"], told[0]["text"], told[0]["status"]) == (
        "hypothesis", "so it is", "open",
    )  # fmt: skip
    assert told[0]["belief_key"] == "k"
    assert told[0]["links"] == [{"kind": "evidence", "ref": first}]
    assert told[-1]["id"] == first
    [only] = family.operator.get(path, params={"kind": "hypothesis"}).json()
    assert only == told[0]
    page = {"before": told[0]["position"], "limit": 1}
    assert family.operator.get(path, params=page).json() == told[1:2]
    assert family.operator.get(path, params={"kind": "check"}).json() == []
    unknown = family.operator.get(path, params={"kind": "checks"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid_input")


def test_states_of_mind_are_paged_by_position(family: Family) -> None:
    path = f"{PERSONAS}/hidden-child/memory/cold"
    [only] = family.operator.get(path).json()
    assert only["thoughts_in"] == only["kept"] + only["duplicates"] + only["decayed"] == 1
    assert family.operator.get(path, params={"before": only["position"]}).json() == []


def test_a_thought_tells_exactly_what_it_was_shown(family: Family) -> None:
    observed = family.operator.post(
        f"{PERSONAS}/other/observations", json={"source": "s", "content": "one\ntwo\nthree\n"}
    ).json()
    refs = [
        {"ref": f"{observed['position']}#0,2", "tier": "input"},
        {"ref": family.thoughts["other"], "tier": "warm", "score": 0.5},
        {"ref": "nothing", "tier": "cold"},
        {"ref": f"{observed['position']}#0-999999999", "tier": "input"},
    ]
    thought = think(family.operator, "other", "seen", context_refs=refs)
    told = family.operator.get(f"{PERSONAS}/other/thoughts/{thought}").raise_for_status().json()
    by_place = family.operator.get(f"{PERSONAS}/other/thoughts/{told['position']}").json()
    assert told == by_place
    lines = [[(line["number"], line["text"]) for line in each["lines"]] for each in told["context"]]
    assert lines == [
        [(0, "one"), (2, "three")],
        [(0, "what other thinks")],
        [],
        [(0, "one"), (1, "two"), (2, "three")],
    ]
    assert [each["what"] for each in told["context"]] == [
        "observation.received", "thought.generated", None, "observation.received",
    ]  # fmt: skip
    assert told["context"][1]["score"] == 0.5


def test_a_parent_is_told_again_what_its_child_left_it_and_no_more_of_the_child(
    family: Family,
) -> None:
    [left] = family.operator.get(f"{PERSONAS}/hidden-child/memory/cold").json()
    [thought] = family.operator.get(f"{PERSONAS}/hidden-child/memory/hot").json()
    refs = [{"ref": str(each["position"]), "tier": "cold"} for each in (left, thought)]
    shown = think(family.operator, "hidden", "what hidden thinks of it", context_refs=refs)
    with family.agent("hidden") as agent:
        told = agent.get(f"{PERSONAS}/hidden/thoughts/{shown}").raise_for_status().json()
    assert [each["what"] for each in told["context"]] == ["snapshot.compressed", None]
    assert told["context"][0]["lines"][0]["text"] in left["summary"]
    assert "a child's thought" not in str(told["context"][1])


@pytest.mark.parametrize("thought", ["1", "999999999", "nothing", "0", "%20", "9" * 30])
def test_what_is_no_thought_of_the_persona_is_not_there(family: Family, thought: str) -> None:
    answer = family.operator.get(f"{PERSONAS}/other/thoughts/{thought}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_unknown_persona_remembers_nothing(family: Family) -> None:
    for part in (*TIERS, "thoughts/1"):
        answer = family.operator.get(f"{PERSONAS}/nobody/{part}")
        assert (answer.status_code, answer.json()["code"]) == (404, "persona_not_found")


def paths(family: Family, name: str) -> list[str]:
    thought = family.thoughts[name]
    return [f"{PERSONAS}/{name}/{part}" for part in (*TIERS, f"thoughts/{thought}")]


@pytest.mark.parametrize(
    ("reader", "owner", "status"),
    [
        ("hidden", "hidden", 200),
        ("hidden", "open", 200),
        ("other", "open", 200),
        ("open", "hidden", 403),
        ("other", "hidden", 403),
        (None, "hidden", 403),
        (None, "open", 200),
    ],
)
def test_memory_is_read_by_its_owner_and_by_whom_it_is_shared_with(
    family: Family, reader: str | None, owner: str, status: int
) -> None:
    with family.agent(reader) if reader else family.served.client(VIEWER) as client:
        for path in paths(family, owner):
            answer = client.get(path)
            assert answer.status_code == status, path
            if status == 403:
                assert answer.json()["code"] == "memory_private"
                assert "thinks" not in answer.text


def test_what_a_child_distilled_is_read_by_its_parent_but_not_what_it_thought(
    family: Family,
) -> None:
    with family.agent("hidden") as parent:
        assert len(parent.get(f"{PERSONAS}/hidden-child/memory/cold").json()) == 1
        for tier in ("hot", "warm"):
            assert parent.get(f"{PERSONAS}/hidden-child/memory/{tier}").status_code == 403


def test_what_was_shown_of_anothers_memory_is_told_only_to_who_may_read_that_too(
    family: Family,
) -> None:
    hidden = family.operator.get(f"{PERSONAS}/hidden/memory/hot").json()[0]
    refs = [{"ref": str(hidden["position"]), "tier": "warm"}]
    thought = think(family.operator, "open", "shown a secret", context_refs=refs)
    path = f"{PERSONAS}/open/thoughts/{thought}"
    assert "what hidden thinks" in family.operator.get(path).text
    with family.agent("other") as stranger:
        answer = stranger.get(path).raise_for_status()
        assert "what hidden thinks" not in answer.text
        [shown] = answer.json()["context"]
        assert (shown["ref"], shown["what"], shown["lines"]) == (refs[0]["ref"], None, [])


def test_the_newest_snapshot_a_viewer_is_shown_is_a_shared_one(family: Family) -> None:
    with family.served.client(VIEWER) as viewer:
        answer = viewer.get("/v1/cognition/snapshots/latest")
    assert answer.status_code == 404 or answer.json()["persona_scope"] == ["open-child"]


def test_the_stream_tells_a_viewer_that_somebody_thought_and_not_what(family: Family) -> None:
    with (
        family.served.client(VIEWER) as viewer,
        listening(viewer, query="?last_event_id=0") as stream,
    ):
        heard = []
        for each in stream.events():
            heard.append(each)
            if (each.type, each.told["persona_id"]) == ("persona_reaped", "open-child"):
                break
    by_persona = {
        each.told["persona_id"]: each.told["payload"]
        for each in heard
        if each.type == "thought_generated"
    }
    assert by_persona["open"]["thinking"] == "what open thinks"
    assert by_persona["hidden"]["thinking"] is None
    assert by_persona["hidden"]["phase"] == "reflect"
    assert by_persona["hidden"].keys() == by_persona["open"].keys()
    assert not any("what hidden thinks" in each.data for each in heard)


def test_the_way_to_a_proposal_is_told_a_viewer_without_the_words(family: Family) -> None:
    thought = family.thoughts["hidden"]
    body = {"title": "do it", "rationale": "because", "risk": "low", "evidence_refs": [thought]}
    made = family.operator.post(f"{PERSONAS}/hidden/proposals", json=body).raise_for_status()
    path = f"/v1/cognition/proposals/{made.json()['id']}"
    for part in ("", "/why"):
        assert "what hidden thinks" in family.operator.get(path + part).text
        with family.served.client(VIEWER) as viewer:
            answer = viewer.get(path + part).raise_for_status()
        assert "what hidden thinks" not in answer.text
        assert "because" in answer.text


def test_input_of_another_swarm_is_shown_to_nobody_by_citing_it(family: Family) -> None:
    family.operator.post(PERSONAS, json=persona("far", swarm_id="elsewhere")).raise_for_status()
    secret = {"source": "s", "content": "the secret of another swarm\n"}
    at = family.operator.post(f"{PERSONAS}/far/observations", json=secret).json()["position"]
    refs = [{"ref": ref, "tier": "input"} for ref in (f"{at}#0", str(at))]
    with family.agent("other") as agent:
        thought = think(agent, "other", "guessing", context_refs=refs)
        answer = agent.get(f"{PERSONAS}/other/thoughts/{thought}").raise_for_status()
        found = agent.post(f"{PERSONAS}/other/memory/search", json={"query": "secret swarm"})
    assert "secret" not in answer.text
    assert "the secret of another swarm" not in found.raise_for_status().text
    assert "the secret of another swarm" in family.operator.get(
        f"{PERSONAS}/other/thoughts/{thought}"
    ).text  # fmt: skip


def test_of_many_memories_only_so_much_is_told_and_no_more_may_be_cited(family: Family) -> None:
    lines = {"source": "long", "content": "x\n" * 10_000}
    at = family.operator.post(f"{PERSONAS}/other/observations", json=lines).json()["position"]
    refs = [{"ref": f"{at}#0-9999", "tier": "input"}] * 1_000
    thought = think(family.operator, "other", "much", context_refs=refs)
    told = family.operator.get(f"{PERSONAS}/other/thoughts/{thought}").json()["context"]
    assert sum(len(each["lines"]) for each in told) <= 20_000
    assert all(len(each["lines"]) + each["left_out"] == 10_000 for each in told)
    body = {"phase": "reflect", "content": "more", "context_refs": [*refs, refs[0]]}
    answer = family.operator.post(f"{PERSONAS}/other/thoughts", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
