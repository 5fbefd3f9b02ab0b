"""Proposals through the whole gate, on a real store and a real folder."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import (
    NotAllowed,
    ProposalNotFound,
    ProposalWrongState,
    ShownHashMismatch,
    ShownHashRequired,
)
from domain.events import ActionExecuted, ApprovalGranted, ProposalRejected
from services.commands import gate as commands
from services.gate.settings import GateSettings, Rule
from services.gate.settings import Tool as ToolSetting
from services.gate.watching import Watching
from tests.integration.gate.conftest import OpenHouse
from tests.integration.gate.house import House
from tests.integration.gate.tools import Raving

HOUR = timedelta(hours=1)
CAREFUL = GateSettings(allow=(Rule(tool="notify", needs_approval=True),))


def test_a_low_risk_action_is_done_at_once_and_leaves_a_receipt(house: House) -> None:
    proposal = house.gate.advance(house.note())
    assert proposal.status == "executed"
    assert house.lines("notifications.log") == ["many errors"]
    executed = house.events(proposal.proposal_id)[-1]
    assert isinstance(executed, ActionExecuted)
    assert executed.outcome == "success"
    assert json.loads(executed.result)["line"] == "many errors"
    assert executed.shown_hash == executed.ran_hash
    assert house.topics(proposal.proposal_id) == [
        "proposal.created", "proposal.verified", "policy.decided", "policy.decided",
        "action.started", "action.executed",
    ]  # fmt: skip


def test_a_high_risk_action_waits_for_a_person_who_is_shown_it(house: House) -> None:
    proposal_id = house.propose()
    assert house.gate.advance(proposal_id).status == "waiting"
    assert house.lines() == []
    shown = house.gate.show(proposal_id)
    assert shown.shown["action"]["arguments"] == '{"line":"192.0.2.7"}'
    assert [list(citation.lines) for citation in shown.evidence] == [[(0, "first"), (2, "third")]]
    proposal = house.gate.approve(house.executor.context("user:eve"), proposal_id, shown.shown_hash)
    assert proposal.status == "executed"
    assert house.lines() == ["192.0.2.7"]
    approved = next(e for e in house.events(proposal_id) if isinstance(e, ApprovalGranted))
    assert (approved.actor, approved.shown_hash) == ("user:eve", shown.shown_hash)
    house.views.catch_up()
    row = house.views.proposal(proposal_id)
    assert row is not None
    assert (row.status, row.outcome, row.approved_by) == ("executed", "success", "user:eve")


def test_everything_but_the_approval_is_done_by_the_gate(house: House) -> None:
    proposal_id = house.propose()
    house.gate.advance(proposal_id)
    house.approve(proposal_id)
    actors = {event.topic: event.actor for event in house.events(proposal_id)}
    assert actors.pop("proposal.created") == "persona:ann"
    assert actors.pop("approval.granted") == "user:eve"
    assert set(actors.values()) == {"system:gate"}


def test_an_approval_of_what_was_not_shown_is_refused(house: House) -> None:
    proposal_id = house.propose()
    early = house.gate.show(proposal_id).shown_hash
    house.gate.advance(proposal_id)
    eve = house.executor.context("user:eve")
    with pytest.raises(ShownHashMismatch):
        house.gate.approve(eve, proposal_id, early)
    with pytest.raises(ShownHashRequired):
        house.gate.approve(eve, proposal_id, None)
    with pytest.raises(NotAllowed):
        right = house.gate.show(proposal_id).shown_hash
        house.gate.approve(house.executor.context("persona:ann"), proposal_id, right)
    assert house.gate.load(proposal_id).status == "waiting"
    assert house.lines() == []


def test_an_old_client_approves_unseen_where_the_setting_lets_it(open_house: OpenHouse) -> None:
    house = open_house(gate=GateSettings(unseen_approvals=True))
    house.spawn("ann")
    house.observe("a\nb\nc\n")
    proposal_id = house.propose()
    house.gate.advance(proposal_id)
    eve = house.executor.context("user:eve")
    assert house.gate.approve(eve, proposal_id, None).status == "executed"


def test_a_refused_proposal_never_runs_and_can_be_made_again(house: House) -> None:
    proposal_id = house.propose()
    house.gate.advance(proposal_id)
    eve = house.executor.context("user:eve")
    assert house.gate.reject(eve, proposal_id, "not him").status == "rejected"
    with pytest.raises(ProposalWrongState):
        house.approve(proposal_id)
    assert house.lines() == []
    assert house.gate.advance(house.propose()).status == "waiting"


def test_what_is_unknown_is_not_found(house: House) -> None:
    eve = house.executor.context("user:eve")
    for call in (
        lambda: house.gate.show("x"),
        lambda: house.gate.advance("x"),
        lambda: house.gate.approve(eve, "x", "0"),
        lambda: house.gate.reject(eve, "x", "no"),
        lambda: house.gate.settle(eve, "x", "success", "saw it"),
    ):
        with pytest.raises(ProposalNotFound):
            call()


@pytest.mark.parametrize(
    ("stage", "why", "options"),
    [
        ("verification", "evidence: 999999#0 is not there", {"refs": ("999999#0",)}),
        ("verification", "evidence: nonsense is not there", {"refs": ("nonsense",)}),
        ("verification", "consistency: there is no tool rm", {"tool": "rm"}),
        ("verification", "consistency: ../x is no plain path", {"target": "../x"}),
        ("verification", "consistency: the line must not contain", {"line": "# perpetua:x"}),
        ("policy", "no rule speaks of file.append on other", {"target": "other"}),
        ("policy", "no rule allows critical risk", {"line": "0.0.0.0/0"}),
        ("policy", "no rule allows critical risk", {"risk": "critical"}),
    ],
)
def test_what_must_not_be_done_is_rejected_with_its_reason(
    stage: str, why: str, options: dict[str, object], house: House
) -> None:
    refs = options.pop("refs", ())
    assert isinstance(refs, tuple)
    proposal = house.gate.advance(house.propose(*refs, **options))  # type: ignore[arg-type]  # options by name
    assert proposal.status == "rejected"
    rejected = house.events(proposal.proposal_id)[-1]
    assert isinstance(rejected, ProposalRejected)
    assert rejected.stage == stage
    assert any(reason.startswith(why) for reason in rejected.reasons)
    assert house.lines() == []


def test_a_persona_without_the_tool_is_denied(house: House) -> None:
    house.spawn("bare", tools=())
    proposal = house.gate.advance(house.propose(persona_id="bare"))
    rejected = house.events(proposal.proposal_id)[-1]
    assert isinstance(rejected, ProposalRejected)
    assert rejected.reasons == ("its persona may not use file.append",)


def test_an_author_who_understates_the_risk_still_needs_a_person(house: House) -> None:
    proposal = house.gate.advance(house.propose(risk="low"))
    assert (proposal.status, proposal.risk) == ("waiting", "high")


def test_an_intention_ends_verified_and_is_not_taken_up_again(house: House) -> None:
    proposal_id = house.propose(line=None)
    assert house.gate.advance(proposal_id).status == "verified"
    assert house.gate.unfinished() == []


def test_the_same_action_is_not_pending_twice(house: House) -> None:
    house.gate.advance(house.propose())
    second = house.gate.advance(house.propose())
    assert second.status == "rejected"
    assert "pending" in house.events(second.proposal_id)[-1].reasons[0]  # type: ignore[attr-defined]  # it is a rejection


def test_advancing_again_changes_nothing(house: House) -> None:
    for proposal_id in (house.note(), house.propose(), house.propose(target="other")):
        house.gate.advance(proposal_id)
        before = house.events(proposal_id)
        assert house.gate.advance(proposal_id).status in ("executed", "waiting", "rejected")
        assert house.events(proposal_id) == before


def test_a_policy_that_was_changed_since_the_approval_counts(open_house: OpenHouse) -> None:
    first = open_house()
    first.spawn("ann")
    first.observe("a\nb\nc\n")
    proposal_id = first.propose()
    first.gate.advance(proposal_id)
    second = open_house(gate=GateSettings(allow=()))
    assert second.approve(proposal_id).status == "rejected"
    assert second.lines() == []


def test_a_policy_that_now_wants_a_person_is_heard(open_house: OpenHouse) -> None:
    first = open_house()
    first.spawn("ann")
    first.observe("a\nb\nc\n")
    proposal_id = first.note()
    first.steps.verify(first.gate.load(proposal_id))
    first.steps.decide(first.gate.load(proposal_id))
    second = open_house(gate=CAREFUL)
    assert second.gate.advance(proposal_id).status == "waiting"
    assert second.approve(proposal_id).status == "executed"


def test_a_process_that_cached_a_proposal_sees_what_another_did_with_it(
    house: House, open_house: OpenHouse
) -> None:
    other = open_house()
    one, two = house.propose(), house.propose(line="192.0.2.8")
    house.gate.advance(one)
    other.gate.advance(two)
    assert other.approve(one).status == "executed"
    assert house.approve(two).status == "executed"
    again = house.propose(line="192.0.2.8")
    assert house.gate.advance(again).status == "rejected"


def test_a_target_another_process_let_go_can_be_held(house: House, open_house: OpenHouse) -> None:
    other = open_house()
    proposal_id = house.propose()
    house.gate.advance(proposal_id)
    other.gate.reject(other.executor.context("user:eve"), proposal_id, "no")
    assert house.gate.advance(house.propose()).status == "waiting"


def test_a_result_nobody_can_keep_is_no_hindrance(house: House, open_house: OpenHouse) -> None:
    raving = open_house(tools={"notify": Raving(house.folder)})
    proposal = raving.gate.advance(house.note())
    assert proposal.status == "executed"
    assert proposal.executed is not None
    assert "can't be kept" in json.loads(proposal.executed.result)["error"]


def test_a_tool_with_a_file_of_the_settings(open_house: OpenHouse, tmp_path: Path) -> None:
    settings = GateSettings(
        folder=tmp_path / "elsewhere",
        tools={"notify": ToolSetting(risk="low", file="told.txt")},
        allow=(Rule(tool="notify"),),
    )
    house = open_house(gate=settings)
    house.spawn("ann")
    house.observe("a\nb\nc\n")
    assert house.gate.advance(house.note()).status == "executed"
    assert (tmp_path / "elsewhere" / "told.txt").exists()


async def until(house: House, proposal_id: str, status: str) -> None:
    async with asyncio.timeout(30):
        while (await asyncio.to_thread(house.gate.load, proposal_id)).status != status:
            await asyncio.sleep(0.02)


async def test_while_it_runs_it_takes_up_what_was_left_and_whatever_comes(
    house: House, open_house: OpenHouse
) -> None:
    left = await asyncio.to_thread(house.note, "left")
    running = asyncio.create_task(house.gate.run())
    try:
        await until(house, left, "executed")
        fresh = await asyncio.to_thread(house.note, "fresh")
        await until(house, fresh, "executed")
        high = await asyncio.to_thread(house.propose)
        await until(house, high, "waiting")
        other = open_house()
        await asyncio.to_thread(approve_only, other, high)
        await until(house, high, "executed")
        assert house.lines() == ["192.0.2.7"]
        assert house.lines("notifications.log") == ["left", "fresh"]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def approve_only(house: House, proposal_id: str) -> None:
    """Approve, and end before anything comes of it."""
    shown_hash = house.gate.show(proposal_id).shown_hash
    house.executor.run(
        house.executor.context("user:eve"),
        lambda unit: commands.approve(unit, proposal_id, shown_hash, HOUR, unseen_allowed=False),
    )


async def test_a_proposal_that_cannot_go_on_is_tried_again_and_keeps_nobody_waiting(
    house: House,
) -> None:
    failures = iter([RuntimeError("not now"), None, RuntimeError("not yet"), "done"])
    advanced: list[str] = []

    def advance(proposal_id: str) -> bool:
        came = next(failures) if proposal_id == "bad" else "done"
        if isinstance(came, RuntimeError):
            raise came
        if came:
            advanced.append(proposal_id)
        return came is not None

    watching = Watching(house.store, lambda: ["bad", "good"], advance, first_pause_secs=0.01)
    running = asyncio.create_task(watching.run())
    async with asyncio.timeout(30):
        while len(advanced) < 2:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert advanced == ["good", "bad"]


async def test_it_ends_when_the_store_closes(house: House) -> None:
    running = asyncio.create_task(house.gate.run())
    await asyncio.sleep(0.1)
    await asyncio.to_thread(house.store.close)
    await asyncio.wait_for(running, 30)
