"""Each check of the settings finds the fault it is there for, and says what to do."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.limits import SwarmLimits
from services.cli.checks import access, gate, limits, memory, running
from services.cli.checks.catalogue import CHECKS, Check
from services.cli.checks.finding import Finding
from services.commands.lifecycle import Ceilings
from services.gate.settings import GateSettings, Rule, Tool
from services.memory.settings import MemorySettings, OpenAiEmbeddings
from services.settings import User
from tests.unit.cli.scenes import scene

ANN = User(name="ann", token_sha256="a" * 64)
NOTIFY = {"notify": Tool(risk="low", file="n.log")}
RULE = Rule(tool="notify")


def of_fabric(**changes: int) -> Ceilings:
    return Ceilings(fabric=SwarmLimits(**changes), swarm=SwarmLimits(token_budget_per_minute=10**5))


def gated(**changes: Any) -> GateSettings:
    return GateSettings(**({"tools": NOTIFY, "allow": (RULE,)} | changes))


@pytest.mark.parametrize(
    ("check", "settings", "verdict", "says", "fix"),
    [
        (access.token, {"token": "short"}, "warning", "5 characters", "at least 16"),
        (access.users, {"users": (ANN.model_copy(update={"role": "king"}),)}, "wrong", "king", ""),
        (
            access.users,
            {"users": (ANN.model_copy(update={"token_sha256": "xyz"}),)},
            "wrong",
            "64 hex",
            "sha256sum",
        ),
        (
            access.users,
            {"users": (ANN, ANN.model_copy(update={"name": "bob"}))},
            "wrong",
            "ann and bob have one token",
            "one of their own",
        ),
        (
            access.users,
            {"users": (ANN, ANN.model_copy(update={"token_sha256": "b" * 64}))},
            "warning",
            "2 are named ann",
            "a name of their own",
        ),
        (
            access.users,
            {
                "token": "the-operators-own-token",
                "users": (
                    User(name="x", token_sha256=sha256(b"the-operators-own-token").hexdigest()),
                ),
            },
            "wrong",
            "the operator's token",
            "one of their own",
        ),
        (access.exposed, {"host": "0.0.0.0"}, "warning", "other machines", "TLS"),
        (access.exposed, {"host": "::", "token": "x"}, "wrong", "guessed", "TLS"),
        (access.origins, {"cors_origins": ("*",)}, "warning", "any site", "cors_origins"),
        (access.origins, {"cors_origins": ("board.example",)}, "wrong", "no origin", "https://"),
        (
            access.origins,
            {"cors_origins": ("https://board.example/x",)},
            "wrong",
            "no origin",
            "without a path",
        ),
        (
            gate.rules_without_tool,
            {"gate": gated(allow=(RULE, Rule(tool="notfy")))},
            "warning",
            "notfy",
            "did you mean notify?",
        ),
        (
            gate.tools_without_rule,
            {"gate": gated(allow=())},
            "warning",
            "no rule allows notify",
            "[[gate.allow]]",
        ),
        (
            gate.tools_without_rule,
            {"gate": gated(tools={"notify": Tool(risk="high")})},
            "warning",
            "at least high risk",
            "raise max_risk",
        ),
        (
            gate.reckless,
            {"gate": gated(allow=(Rule(tool="notify", max_risk="critical"),))},
            "warning",
            "critical risk on any target",
            "name its targets",
        ),
        (gate.reckless, {"gate": gated(unseen_approvals=True)}, "warning", "without saying", ""),
        (
            gate.reckless,
            {"gate": gated(approval_lasts_secs=30 * 86_400)},
            "warning",
            "30 days",
            "approval_lasts_secs",
        ),
        (
            gate.actions_apart,
            {"gate": gated(folder=Path("/"))},
            "wrong",
            "the store",
            "gate.folder",
        ),
        (
            gate.actions_apart,
            {"gate": gated(folder=Path("/etc/cron.d"))},
            "wrong",
            "system's",
            "gate.folder",
        ),
        (
            limits.limits,
            {"limits": of_fabric(token_budget_per_minute=99_999)},
            "warning",
            "100,000",
            "raise the other",
        ),
        (
            limits.limits,
            {"limits": of_fabric(compute_ms_per_minute=-1)},
            "wrong",
            "between 0 and",
            "correct it",
        ),
        (limits.limits, {"limits": of_fabric(max_live_personas=0)}, "wrong", "is 0", "raise it"),
        (
            limits.one_call,
            {"limits": of_fabric(compute_ms_per_minute=5)},
            "wrong",
            "one step is reserved",
            "raise it to",
        ),
        (
            limits.persona,
            {"limits": Ceilings(swarm=SwarmLimits(token_budget_per_minute=500))},
            "warning",
            "20,000 by default",
            "raise it",
        ),
        (
            memory.embedder,
            {
                "memory": MemorySettings(
                    embedder="openai", openai=OpenAiEmbeddings(base_url="nowhere")
                )
            },
            "wrong",
            "no address",
            "base_url",
        ),
        (
            memory.embedder,
            {"memory": MemorySettings(embedder="openai")},
            "wrong",
            "wants a key",
            "API_KEY",
        ),
        (memory.embedder, {"memory": MemorySettings(embedder="hashing")}, "warning", "words", ""),
        (running.no_thinking, {"cognition_enabled": False}, "warning", "nobody thinks", "unset"),
    ],
)
def test_what_was_set_wrong_is_found(
    check: Check, settings: dict[str, Any], verdict: str, says: str, fix: str, tmp_path: Path
) -> None:
    found = check(scene(tmp_path, **settings))
    assert found
    assert (found.verdict, found.fine) == (verdict, verdict != "wrong")
    assert says in found.found
    assert found.fix
    assert fix in found.fix


def test_nothing_is_found_in_the_defaults(tmp_path: Path) -> None:
    looked = scene(tmp_path / "home")
    of_settings = [
        check
        for check in CHECKS
        if check.__module__.rpartition(".")[2] in ("access", "gate", "limits", "memory")
    ]
    assert len(of_settings) > 10
    found = [each for check in of_settings if isinstance(each := check(looked), Finding)]
    assert [each for each in found if each.verdict != "fine"] == []
