"""A model that can't be reached is seen by who operates: status, watch and the API."""

import json
from pathlib import Path

from tests.e2e.process import Perpetua, until

AWAY = "http://127.0.0.1:1/v1"
KEY = "sk-very-secret"


def test_a_model_that_is_away_is_told_of_everywhere_and_its_key_nowhere(
    tmp_path: Path, database: str
) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"error {n}\n" for n in range(50)))
    perpetua = Perpetua(
        tmp_path / "home", database,
        PERPETUA_THINKERS__LARGE__BASE_URL=AWAY, PERPETUA_THINKERS__LARGE__MODEL="gpt-4o",
        PERPETUA_THINKERS__LARGE__API_KEY=KEY, PERPETUA_THINKERS__LARGE__RETRIES="5",
        PERPETUA_COGNITION__THINKER="large",
    )  # fmt: skip
    with perpetua.up(log) as up:
        until(lambda: up.get("/v1/thinkers")[0]["since"], "its circuit is open")
        [found] = up.get("/v1/thinkers")
        assert (found["name"], found["model"], found["url"]) == ("large", "gpt-4o", AWAY)
        assert "can't be reached" in found["why"]
        assert found["since"].endswith("Z")
        assert up.get("/v1/picture")["models"][0]["name"] == "large"
        said = perpetua("status").stdout
        watched = perpetua("watch").stdout
    for shown in (" ".join(said.split()), watched):
        assert "open since" in shown
        assert "can't be" in shown
    assert KEY not in json.dumps(found) + said + watched
    beside = perpetua("status").stdout
    assert "who thinks knows how it stands" in " ".join(beside.split())
