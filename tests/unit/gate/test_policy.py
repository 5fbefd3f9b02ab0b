"""The policy: what no rule allows is denied."""

import pytest
from pydantic import ValidationError

from domain.events.gate import Action
from services.gate.policy import Policy, matches
from services.gate.settings import GateSettings, Rule, Tool
from tests.unit.gate.given import ALLOWED, DENY, NOTE

OPEN = Rule(tool="file.append", max_risk="critical")


def policy(*rules: Rule) -> Policy:
    return Policy(GateSettings(allow=rules))


def test_what_no_rule_speaks_of_is_denied() -> None:
    said = policy().decide(DENY, "low", ALLOWED)
    assert said.decision == "deny"
    assert said.reasons == ("no rule speaks of file.append on deny.list",)


def test_a_tool_the_persona_may_not_use_is_denied() -> None:
    said = policy(OPEN).decide(DENY, "low", ("notify",))
    assert said.decision == "deny"
    assert said.reasons == ("its persona may not use file.append",)


def test_a_tool_that_is_gone_is_denied() -> None:
    gone = Policy(GateSettings(tools={}, allow=(OPEN,)))
    assert gone.decide(DENY, "low", ALLOWED).reasons == ("there is no tool file.append",)


def test_more_risk_than_any_rule_allows_is_denied() -> None:
    rules = (Rule(tool="file.append", max_risk="medium"), Rule(tool="notify", max_risk="critical"))
    said = policy(*rules).decide(DENY, "high", ALLOWED)
    assert said.decision == "deny"
    assert said.reasons == ("no rule allows high risk for file.append",)


def test_all_reasons_of_a_denial_are_told() -> None:
    said = Policy(GateSettings(tools={}, allow=())).decide(DENY, "low", ())
    assert len(said.reasons) == 3


def test_a_rule_allows_up_to_its_risk() -> None:
    medium = policy(Rule(tool="file.append", max_risk="medium"))
    found = [medium.decide(DENY, risk, ALLOWED).decision for risk in ("low", "medium", "high")]
    assert found == ["allow", "allow", "deny"]


def test_one_rule_that_wants_a_person_is_enough() -> None:
    careful = Rule(tool="file.append", targets=("deny.*",), max_risk="high", needs_approval=True)
    assert policy(OPEN, careful).decide(DENY, "low", ALLOWED).decision == "require_approval"


def test_the_defaults_allow_a_note_and_one_deny_list_and_nothing_else() -> None:
    default = Policy(GateSettings())
    other = DENY.model_copy(update={"target": "other.list"})
    assert default.decide(NOTE, "low", ALLOWED).decision == "allow"
    assert default.decide(NOTE, "medium", ALLOWED).decision == "deny"
    assert default.decide(DENY, "high", ALLOWED).decision == "allow"
    assert default.decide(DENY, "critical", ALLOWED).decision == "deny"
    assert default.decide(other, "low", ALLOWED).decision == "deny"


@pytest.mark.parametrize(
    ("target", "pattern", "fits"),
    [
        ("a/b", "*", True),
        ("deny.list", "deny.list", True),
        ("deny.list", "deny.*", True),
        ("DENY.list", "deny.*", False),
        ("a/deny.list", "deny.*", False),
        ("a/deny.list", "*.list", False),
        ("a/deny.list", "*/*.list", True),
        ("a/b/deny.list", "*/*.list", False),
        ("deny.list", "*/*.list", False),
        ("deny1.list", "deny[0-9].list", True),
    ],
)
def test_a_pattern_fits_part_by_part(target: str, pattern: str, fits: bool) -> None:
    assert matches(target, pattern) == fits
    rule = Rule(tool="file.append", targets=(pattern,), max_risk="high")
    action = Action(tool="file.append", target=target, arguments="{}")
    assert (policy(rule).decide(action, "low", ALLOWED).decision == "allow") == fits


def test_the_hash_is_that_of_the_whole_policy() -> None:
    same = [Policy(GateSettings()).hash, Policy(GateSettings()).hash]
    assert same[0] == same[1] == Policy(GateSettings()).decide(DENY, "low", ALLOWED).policy_hash
    others = {
        policy(OPEN).hash,
        Policy(GateSettings(tools={"notify": Tool(risk="medium")})).hash,
        Policy(GateSettings(unseen_approvals=True)).hash,
        Policy(GateSettings(approval_lasts_secs=1)).hash,
    }
    assert len(others | set(same)) == 5


@pytest.mark.parametrize("wrong", [{"max_risk": "hihg"}, {"max_risks": "low"}])
def test_a_rule_with_a_slip_in_it_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"tool": "notify", **wrong})
