"""However many processes and requests want the loop, one has it; when it dies, another takes it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx

from services.store.recorder import Recorder
from tests.checks import check_one_loop, check_positions, history
from tests.e2e.process import EXAMPLE, SOON_SECS, Perpetua, Up, until


def test_fifty_starts_over_three_processes_make_one_loop(
    tmp_path: Path, empty_database: str, stored: Recorder
) -> None:
    homes = [Perpetua(tmp_path / str(number), empty_database) for number in range(3)]
    with ExitStack() as stack:
        processes = [each.start("up", EXAMPLE, "--port", "0") for each in homes]
        for process in processes:
            stack.callback(process.kill)
        ups = [Up(home, process) for home, process in zip(homes, processes, strict=True)]
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(start, ups * 17))
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert all(answer.json()["running"] for answer in answers if answer.is_success)
        [first] = [up for up in ups if is_running(up)]
        first.kill()
        others = [up for up in ups if up is not first]
        until(lambda: any(map(is_running, others)), "another takes the loop")
        [second] = [up for up in others if is_running(up)]
        [third] = [up for up in others if up is not second]
        assert third.interrupt() < SOON_SECS
        until(lambda: len(second.get("/v1/cognition/proposals")) == 5, "all is thought about")
        assert second.interrupt() < SOON_SECS
    for process in processes:
        process.wait()
    events = history(stored)
    check_positions(events)
    assert check_one_loop(events) == 2
    observed = [each.event for each in events if each.event.topic == "observation.received"]
    assert sum(each.line_count for each in observed) == 1_520  # type: ignore[attr-defined]  # all are observations


def start(up: Up) -> httpx.Response:
    with up.client() as client:
        return client.post("/v1/cognition/start", json={"loop_interval_ms": 100})


def is_running(up: Up) -> bool:
    return bool(up.get("/v1/cognition/status")["running"])


def test_a_run_takes_the_loop_over_when_the_up_it_relied_on_is_killed(
    perpetua: Perpetua, stored: Recorder, tmp_path: Path
) -> None:
    log = tmp_path / "busy.log"
    log.write_text(
        "".join(f"{n} request {n % 977} took {n % 31} ms\n" for n in range(150_000))
        + EXAMPLE.read_text()
    )
    with perpetua.up() as up, ThreadPoolExecutor(1) as pool:
        report = pool.submit(perpetua.json, "run", log)
        until(lambda: thinks(up), "the run is thought about")
        up.kill()
        told = report.result()
    assert told["observations"] == 151_520
    assert len(told["proposals"]) == 5
    assert check_one_loop(history(stored)) == 2


def thinks(up: Up) -> bool:
    """Whether the root of a run has had a thought."""
    people = up.get("/v1/swarm/personas")
    return any(p["thought_count"] for p in people if p["identity"]["id"].startswith("run-root"))
