"""What agents push by the name of a file loses no line of the file, and repeats none."""

from pathlib import Path

from domain.events import ObservationReceived
from services.app import App
from services.inputs.settings import InputSettings
from tests.integration.api.serving import serving, settings_for
from tests.integration.inputs.test_limits import came_in, feed_until

PUSH = "/v1/swarm/personas/root-thinker/observations"


def lines_of(app: App) -> list[str]:
    received = [each for each in came_in(app) if isinstance(each, ObservationReceived)]
    return [line for each in received for line in each.content.split("\n")]


async def test_a_file_is_read_whole_whatever_was_pushed_by_its_name(
    tmp_path: Path, database: str
) -> None:
    log = tmp_path / "a.log"
    log.write_text("one\ntwo\n")
    with serving(settings_for(tmp_path, database)) as served, served.client() as client:
        app = served.app
        app.seed_core()
        pushed = {"source": str(log), "content": "forged"}
        client.post(PUSH, json=pushed).raise_for_status()
        await feed_until(app, log, lambda: "two" in lines_of(app), InputSettings())
        assert lines_of(app) == ["forged", "one", "two"]

        refused = client.post(PUSH, json=pushed)
        assert refused.status_code == 422
        assert "choose another name" in refused.json()["detail"]
        with log.open("a") as file:
            file.write("three\n")
        await feed_until(app, log, lambda: "three" in lines_of(app), InputSettings())
        assert lines_of(app) == ["forged", "one", "two", "three"]
