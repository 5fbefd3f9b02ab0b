"""The verifier: what each rule refuses, and how a risk comes about."""

from pathlib import Path
from typing import Any

import pytest

from domain.events import ProposalCreated
from domain.events.gate import Action
from services.commands.cognition import MAX_REFS
from services.gate.actuators import actuators
from services.gate.evidence import Citation
from services.gate.risk import assess
from services.gate.verifier import Case, arguments_of, verify
from services.settings import Settings
from tests.unit.gate.given import DENY, NOON, NOTE

SETTINGS = Settings(home=Path("home"))
TOOLS = SETTINGS.gate.tools


def case(
    action: Action | None = DENY,
    risk: str = "high",
    refs: tuple[str, ...] = ("1#0",),
    faulty: tuple[Citation, ...] = (),
) -> Case:
    created = ProposalCreated(
        event_id="e", occurred_at=NOON, swarm_id="s", persona_id="ann", actor="persona:ann",
        correlation_id="c", proposal_id="p", title="t", rationale="r", action=action, risk=risk,
        evidence_refs=refs,
    )  # fmt: skip
    return Case(created, faulty, TOOLS, actuators(SETTINGS))


def failed(given: Case) -> list[tuple[str, str]]:
    return [(f.rule, f.reason) for f in verify(given)[0] if not f.passed]


def changed(action: Action = DENY, **fields: Any) -> Action:
    return action.model_copy(update=fields)


def test_a_sound_proposal_passes_every_rule() -> None:
    findings, risk = verify(case())
    assert all(finding.passed for finding in findings)
    assert {finding.rule for finding in findings} == {"evidence", "consistency", "risk"}
    assert risk == "high"


def test_an_intention_without_an_action_needs_evidence_only() -> None:
    assert failed(case(action=None)) == []
    assert failed(case(action=None, refs=())) == [
        ("evidence", "cites 0 references, must be 1 to 5,000")
    ]


@pytest.mark.parametrize("count", [0, MAX_REFS + 1])
def test_a_proposal_rests_on_something_that_can_be_looked_at(count: int) -> None:
    assert [rule for rule, _ in failed(case(refs=("1#0",) * count))] == ["evidence"]


def test_bad_references_are_named() -> None:
    faulty = tuple(Citation(f"{n}#9", "there is no line 9, only 3 from 0") for n in range(25))
    ((rule, reason),) = failed(case(faulty=faulty))
    assert rule == "evidence"
    assert reason.startswith("0#9 there is no line 9, only 3 from 0; 1#9 ")
    assert reason.endswith("; and 5 more")


def test_an_unknown_tool_is_refused() -> None:
    assert failed(case(changed(tool="rm"))) == [("consistency", "there is no tool rm")]


@pytest.mark.parametrize(
    "arguments",
    [
        "{}",
        '{"line":1}',
        '{"line":"a","more":1}',
        '{"text":"a"}',
        "[]",
        '"a"',
        "{",
        '{ "line":"a"}',
    ],
)
def test_arguments_that_do_not_fit_the_tool_are_refused(arguments: str) -> None:
    assert [rule for rule, _ in failed(case(changed(arguments=arguments)))] == ["consistency"]


@pytest.mark.parametrize(
    "target", ["../a", "/etc/passwd", "a/../b", ".hidden", "a/.b", "a//b", "a/", "./a", "", "."]
)
def test_a_target_that_leads_away_is_refused_and_critical(target: str) -> None:
    given = case(changed(target=target), risk="low")
    assert [rule for rule, _ in failed(given)] == ["consistency"]


@pytest.mark.parametrize("target", ["../a", "/etc/passwd", "a/../b", "a//b", "./a", "..\\a"])
def test_a_path_escape_is_critical(target: str) -> None:
    assert assess(changed(target=target), "low", TOOLS)[0] == "critical"


def test_an_author_who_understates_the_risk_gets_the_higher() -> None:
    level, reason = assess(DENY, "low", TOOLS)
    assert level == "high"
    assert reason == "high: its author says low; file.append is at least high"
    assert verify(case(risk="low"))[1] == "high"


def test_an_author_who_overstates_the_risk_is_believed() -> None:
    assert assess(NOTE, "critical", TOOLS)[0] == "critical"
    assert assess(None, "medium", TOOLS)[0] == "medium"


def test_an_unknown_tool_is_critical() -> None:
    assert assess(changed(tool="rm"), "low", TOOLS)[0] == "critical"


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("192.0.2.7", "high"),
        ("192.0.2.0/24 too many", "high"),
        ("0.0.0.0/0", "critical"),
        ("deny=10.0.0.0/8;", "critical"),
        ("2001:db8::/32", "high"),
        ("::/0", "critical"),
        ("a/b 1/2", "high"),
    ],
)
def test_a_whole_network_on_a_risky_tool_is_critical(line: str, level: str) -> None:
    action = changed(arguments=f'{{"line":"{line}"}}')
    assert assess(action, "low", TOOLS)[0] == level


def test_a_note_may_speak_of_networks() -> None:
    assert assess(changed(NOTE, arguments='{"line":"0.0.0.0/0"}'), "low", TOOLS)[0] == "low"


def test_the_target_of_a_note_is_no_path() -> None:
    assert assess(changed(NOTE, target="ops/../all"), "low", TOOLS)[0] == "low"


@pytest.mark.parametrize(
    "text", ['{"line": "a"}', "[1]", "1", "null", "{", '{"a":NaN}', "[" * 9999]
)
def test_only_canonical_objects_are_arguments(text: str) -> None:
    assert arguments_of(changed(arguments=text)) is None
