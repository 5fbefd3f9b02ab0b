"""Whatever ends a process at whatever moment: an action is done once, or a person is asked."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import NotAllowed, ProposalWrongState
from domain.events import ActionExecuted
from services.commands import gate as commands
from services.gate import gate
from services.gate.settings import GateSettings
from services.store.session_lock import SessionLock
from tests.integration.gate.conftest import OpenHouse
from tests.integration.gate.house import House
from tests.integration.gate.tools import Killed, Mute, Tool, die, fail

LOG = "notifications.log"


@pytest.fixture
def dying(house: House, open_house: OpenHouse) -> Callable[[Tool], House]:
    """Opens a process with a tool that may kill it; `house` comes after it."""
    return lambda tool: open_house(tools={"notify": tool})


def outcome(house: House, proposal_id: str) -> str:
    (executed,) = [e for e in house.events(proposal_id) if isinstance(e, ActionExecuted)]
    return executed.outcome


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_proposal_left_before_its_action_goes_on(steps: int, house: House) -> None:
    proposal_id = house.note()
    for step in (house.steps.verify, house.steps.decide)[:steps]:
        step(house.gate.load(proposal_id))
    house.gate.recover()
    assert outcome(house, proposal_id) == "success"
    assert house.lines(LOG) == ["many errors"]


def test_an_approved_proposal_left_before_its_action_goes_on(house: House) -> None:
    proposal_id = house.propose()
    house.gate.advance(proposal_id)
    approve_only(house, proposal_id, timedelta(hours=1))
    house.gate.recover()
    assert outcome(house, proposal_id) == "success"


def test_an_approval_that_lapsed_meanwhile_goes_back_to_waiting(house: House) -> None:
    proposal_id = house.propose()
    house.gate.advance(proposal_id)
    approve_only(house, proposal_id, timedelta(milliseconds=1))
    time.sleep(0.01)
    house.gate.recover()
    assert house.gate.load(proposal_id).status == "waiting"
    house.views.catch_up()
    assert [row.proposal_id for row in house.views.proposals(status="waiting")] == [proposal_id]
    assert house.lines() == []
    assert house.approve(proposal_id).status == "executed"


def test_killed_before_the_tool_acted_it_acts_after_with_the_same_key(
    house: House, dying: Callable[[Tool], House]
) -> None:
    first = dying(Tool(house.folder, before=die))
    proposal_id = house.note()
    with pytest.raises(Killed):
        first.gate.advance(proposal_id)
    assert house.gate.load(proposal_id).status == "acting"
    assert house.lines(LOG) == []
    house.gate.recover()
    assert outcome(house, proposal_id) == "success"
    assert house.lines(LOG) == ["many errors"]
    started = house.gate.load(proposal_id).started
    assert started is not None
    assert started.idempotency_key in (house.folder / LOG).read_text()
    assert house.topics(proposal_id).count("action.started") == 1


def test_killed_after_the_tool_acted_it_does_not_act_again(
    house: House, dying: Callable[[Tool], House]
) -> None:
    first = dying(Tool(house.folder, after=die))
    proposal_id = house.note()
    with pytest.raises(Killed):
        first.gate.advance(proposal_id)
    tool = Tool(house.folder)
    second = dying(tool)
    second.gate.recover()
    assert outcome(house, proposal_id) == "success"
    assert (tool.asked, tool.acts) == (1, 0)
    assert house.lines(LOG) == ["many errors"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_where_nobody_can_tell_a_person_is_asked(
    moment: str, house: House, dying: Callable[[Tool], House]
) -> None:
    tool = Tool(house.folder, **{moment: die})
    proposal_id = house.note()
    with pytest.raises(Killed):
        dying(tool).gate.advance(proposal_id)
    mute = Mute(house.folder)
    second = dying(mute)
    second.gate.recover()
    assert second.gate.load(proposal_id).status == "unclear"
    assert outcome(house, proposal_id) == "unknown"
    assert mute.acts == 0
    house.gate.recover()
    assert house.gate.load(proposal_id).status == "unclear"
    with pytest.raises(NotAllowed):
        house.gate.settle(house.executor.context("persona:ann"), proposal_id, "success", "so")
    eve = house.executor.context("user:eve")
    assert house.gate.settle(eve, proposal_id, "failure", "not there").status == "executed"
    with pytest.raises(ProposalWrongState):
        house.gate.settle(eve, proposal_id, "success", "oh")


def test_a_tool_that_breaks_off_leaves_an_unknown_outcome(
    house: House, dying: Callable[[Tool], House]
) -> None:
    proposal_id = house.note()
    assert dying(Tool(house.folder, after=fail)).gate.advance(proposal_id).status == "unclear"
    assert house.gate.advance(house.note()).status == "rejected"  # still held


def test_a_tool_that_is_gone_leaves_an_unknown_outcome(
    house: House, dying: Callable[[Tool], House], open_house: OpenHouse
) -> None:
    proposal_id = house.note()
    with pytest.raises(Killed):
        dying(Tool(house.folder, before=die)).gate.advance(proposal_id)
    bare = open_house(gate=GateSettings(tools={}))
    bare.gate.recover()
    assert house.gate.load(proposal_id).status == "unclear"


def test_one_that_cannot_go_on_keeps_no_other_from_it(
    house: House, dying: Callable[[Tool], House]
) -> None:
    bad, good = house.note("bad"), house.note("good")
    killed = dying(Tool(house.folder, before=die))
    with pytest.raises(Killed):
        killed.gate.advance(bad)
    dying(Mute(house.folder)).gate.recover()
    assert house.gate.load(bad).status == "unclear"
    assert house.gate.load(good).status == "executed"


def test_recovering_leaves_alone_what_somebody_alive_is_doing(
    house: House, dying: Callable[[Tool], House]
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(20)

    slow = dying(Tool(house.folder, before=wait))
    proposal_id = house.note()
    with ThreadPoolExecutor() as pool:
        advanced = pool.submit(slow.gate.advance, proposal_id)
        assert begun.wait(20)
        assert house.gate.advance(proposal_id).status == "acting"
        go_on.set()
        assert advanced.result(20).status == "executed"
    assert house.lines(LOG) == ["many errors"]


def test_what_somebody_alive_is_about_to_begin_is_left_to_them(house: House, database: str) -> None:
    proposal_id = house.note()
    lock = SessionLock(database, house.gate.load(proposal_id).id)
    assert lock.try_acquire()
    assert house.gate.advance(proposal_id).status == "allowed"
    release = threading.Timer(0.4, lock.release)
    release.start()
    house.gate.recover()
    release.join()
    assert outcome(house, proposal_id) == "success"


def test_recovery_waits_for_the_lock_of_whoever_died(
    house: House, dying: Callable[[Tool], House], database: str
) -> None:
    proposal_id = house.note()
    with pytest.raises(Killed):
        dying(Tool(house.folder, before=die)).gate.advance(proposal_id)
    lock = SessionLock(database, house.gate.load(proposal_id).id)
    assert lock.try_acquire()
    release = threading.Timer(0.4, lock.release)
    release.start()
    house.gate.recover()
    release.join()
    assert outcome(house, proposal_id) == "success"


def test_recovery_waits_for_the_dead_however_long_the_living_take(
    house: House, dying: Callable[[Tool], House], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PATIENCE_SECS", 0.2)
    held, slow = house.note("held"), house.note("slow")
    lock = SessionLock(database, house.gate.load(held).id)
    assert lock.try_acquire()

    def take_long() -> None:
        time.sleep(0.3)
        lock.release()

    dying(Tool(house.folder, before=take_long)).gate.recover()
    assert [outcome(house, each) for each in (held, slow)] == ["success", "success"]


def test_many_threads_in_many_processes_caches_act_once(
    house: House, dying: Callable[[Tool], House]
) -> None:
    tool = Tool(house.folder)
    houses = [dying(tool) for _ in range(3)]
    ids = [house.note(f"note {n}") for n in range(6)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: houses[n % 3].gate.advance(ids[n % 6]), range(36)))
    for each in ids:
        house.gate.advance(each)
        assert Counter(house.topics(each)) == {
            "proposal.created": 1, "proposal.verified": 1, "policy.decided": 2,
            "action.started": 1, "action.executed": 1,
        }  # fmt: skip
    assert tool.acts == 6
    assert sorted(house.lines(LOG)) == [f"note {n}" for n in range(6)]


def advancer(database: str, home: Path, ids: list[str]) -> subprocess.Popen[str]:
    """Start a process that advances these proposals when it is told to."""
    command = [sys.executable, "-m", "tests.integration.gate.advancer", database, str(home)]
    process = subprocess.Popen(
        [*command, *ids], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_advancing_the_same_proposals_act_once(
    house: House, database: str, tmp_path: Path
) -> None:
    ids = [house.note(f"note {n}") for n in range(8)]
    processes = [advancer(database, tmp_path, ids) for _ in range(2)]
    for process in processes:
        go(process)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    for each in ids:
        assert house.topics(each).count("action.started") == 1
        assert house.topics(each).count("action.executed") == 1
    assert sorted(house.lines(LOG)) == [f"note {n}" for n in range(8)]


def test_processes_killed_at_any_moment_lose_nothing_and_repeat_nothing(
    house: House, database: str, tmp_path: Path
) -> None:
    ids = [house.note(f"note {n:02}") for n in range(24)]
    moments = random.Random(20260801)
    for _ in range(3):
        process = advancer(database, tmp_path, ids)
        go(process)
        time.sleep(moments.uniform(0.05, 0.6))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)
    house.gate.recover()
    for each in ids:
        assert outcome(house, each) == "success"
        assert house.topics(each).count("action.started") == 1
    assert sorted(house.lines(LOG)) == [f"note {n:02}" for n in range(24)]


def approve_only(house: House, proposal_id: str, lasts: timedelta) -> None:
    """Approve, and end before anything comes of it."""
    shown_hash = house.gate.show(proposal_id).shown_hash
    house.executor.run(
        house.executor.context("user:eve"),
        lambda unit: commands.approve(unit, proposal_id, shown_hash, lasts, unseen_allowed=False),
    )
