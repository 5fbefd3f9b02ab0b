"""The same key and request is carried out once, and answered the same."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.integration.api.serving import APPROVER, Served, persona

PERSONAS = "/v1/swarm/personas"
KEY = {"Idempotency-Key": "key-1"}


def test_the_same_key_makes_one_persona_and_gives_the_same_answer(
    served: Served, client: httpx.Client
) -> None:
    anonymous = {"name": "n", "role": "r", "charter": "c"}
    first = client.post(PERSONAS, json=anonymous, headers=KEY)
    head = served.app.recorder.head()
    again = client.post(PERSONAS, json=anonymous, headers=KEY)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert served.app.recorder.head() == head


def test_a_repeated_command_is_answered_though_it_would_be_refused_now(
    client: httpx.Client,
) -> None:
    first = client.post(PERSONAS, json=persona("p1"), headers=KEY)
    again = client.post(PERSONAS, json=persona("p1"), headers=KEY)
    assert again.status_code == 200
    assert again.json() == first.json()
    assert client.post(PERSONAS, json=persona("p1")).status_code == 409


def test_the_same_key_with_another_request_is_409(client: httpx.Client) -> None:
    client.post(PERSONAS, json=persona("p1"), headers=KEY).raise_for_status()
    other_body = client.post(PERSONAS, json=persona("p2"), headers=KEY)
    assert (other_body.status_code, other_body.json()["code"]) == (409, "idempotency_key_reused")
    other_path = client.post(f"{PERSONAS}/p1/reap", headers=KEY)
    assert (other_path.status_code, other_path.json()["code"]) == (409, "idempotency_key_reused")
    assert client.get(f"{PERSONAS}/p1").json()["status"] == "active"


def test_a_refused_command_leaves_its_key_free(client: httpx.Client) -> None:
    orphan = persona("p1", parent_id="p0")
    assert client.post(PERSONAS, json=orphan, headers=KEY).status_code == 404
    client.post(PERSONAS, json=persona("p0")).raise_for_status()
    assert client.post(PERSONAS, json=orphan, headers=KEY).status_code == 200


def test_keys_belong_to_who_sends_them(served: Served, client: httpx.Client) -> None:
    for persona_id in ("p1", "p2"):
        client.post(PERSONAS, json=persona(persona_id)).raise_for_status()
    thought = {"phase": "observe", "content": "x"}
    answers = []
    for persona_id in ("p1", "p2"):
        token = client.post(f"{PERSONAS}/{persona_id}/token").json()["token"]
        with served.client(token) as agent:
            url = f"{PERSONAS}/{persona_id}/thoughts"
            answers.append(agent.post(url, json=thought, headers=KEY).json()["id"])
    assert answers[0] != answers[1]
    with served.client(APPROVER) as approver:
        response = approver.post("/v1/cognition/proposals/x/approve", headers=KEY)
    assert response.status_code == 404


def test_of_many_at_once_with_one_key_one_is_carried_out(
    served: Served, client: httpx.Client
) -> None:
    anonymous = {"name": "n", "role": "r", "charter": "c"}

    def create(_: int) -> str:
        response = client.post(PERSONAS, json=anonymous, headers=KEY)
        assert response.status_code == 200, response.text
        return str(response.json()["identity"]["id"])

    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(create, range(32)))
    assert len(made) == 1
    assert len(served.app.views.personas()) == 1


def test_what_takes_several_saves_is_answered_the_same_too(client: httpx.Client) -> None:
    client.post(PERSONAS, json=persona("p1")).raise_for_status()
    first = client.post(f"{PERSONAS}/p1/reap", json={"cascade": True}, headers=KEY)
    again = client.post(f"{PERSONAS}/p1/reap", json={"cascade": True}, headers=KEY)
    assert first.json() == again.json() == {"reaped_ids": ["p1"], "count": 1}


def test_a_late_repetition_of_a_stop_does_not_stop_what_was_started_since(
    client: httpx.Client,
) -> None:
    client.post("/v1/cognition/start").raise_for_status()
    assert not client.post("/v1/cognition/stop", headers=KEY).json()["running"]
    client.post("/v1/cognition/start").raise_for_status()
    assert not client.post("/v1/cognition/stop", headers=KEY).json()["running"]
    assert client.get("/v1/cognition/status").json()["running"]


def test_a_key_that_no_header_should_hold_is_422(client: httpx.Client) -> None:
    for key in ("", "a b", "x" * 129, "ü"):
        headers = [(b"Idempotency-Key", key.encode())]
        response = client.post(PERSONAS, json=persona("p1"), headers=headers)
        assert response.status_code == 422, key
