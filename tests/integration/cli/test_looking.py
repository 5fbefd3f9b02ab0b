"""Commands that need no fabric: the catalogue, the doctor, help; and what they load."""

import subprocess
import sys
from pathlib import Path

import pytest

from domain.events import EVENT_CLASSES
from services.cli.screen import visible
from tests.e2e.process import ROOT, Perpetua

HEAVY = {"pydantic", "fastapi", "psycopg", "httpx", "uvicorn", "eventsourcing", "rich.table"}


@pytest.fixture
def perpetua(tmp_path: Path, database: str) -> Perpetua:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return Perpetua(home, database, PERPETUA_PORT="0")


def test_the_catalogue_has_every_class_with_every_field(perpetua: Perpetua) -> None:
    told = perpetua.json("topics")
    assert [each["topic"] for each in told] == list(EVENT_CLASSES)
    for each in told:
        model = EVENT_CLASSES[each["topic"]]
        assert each["class"] == model.__name__
        assert [field["name"] for field in each["fields"]] == list(model.model_fields)
        assert all(field["doc"] and field["type"] for field in each["fields"])
    said = perpetua("topics", "check.result").stdout
    assert "CheckResult" in said
    assert "confidence_after" in said
    assert "there is no topic x" in perpetua.refused("topics", "x")


def test_the_doctor_finds_nothing_wrong_where_nothing_is(perpetua: Perpetua) -> None:
    perpetua("status")
    told = perpetua.json("doctor")
    assert len(told) > 20
    assert all(set(each) == {"check", "verdict", "fine", "found", "fix"} for each in told)
    assert all(each["fine"] for each in told)
    assert all((each["verdict"] == "fine") == (each["fix"] is None) for each in told)
    lines = perpetua("doctor").stdout.splitlines()
    assert len(lines) == len(told)
    assert all(line.startswith(("ok     ", "note   ")) for line in lines)


def test_the_doctor_names_what_is_wrong_and_the_fix(perpetua: Perpetua) -> None:
    (perpetua.home / "token").write_text("0123456789abcdef\n")
    (perpetua.home / "token").chmod(0o644)
    (perpetua.home / "actions").write_text("no folder")
    perpetua.home.chmod(0o777)
    perpetua.env["PERPETUA_DATABASE_URL"] = "postgresql://127.0.0.1:1/x"
    said = perpetua("doctor", code=2).stdout
    for wrong, fix in (
        ("others may write", "chmod go-w"),
        ("others may read", "chmod 600"),
        ("is no folder", "set gate.folder"),
        ("Connection refused", "check that PostgreSQL runs"),
    ):
        [line] = [line for line in said.splitlines() if wrong in line]
        assert line.startswith("WRONG")
        assert fix in line


def test_the_doctor_names_a_setting_there_is_not(perpetua: Perpetua) -> None:
    (perpetua.home / "perpetua.toml").write_text("prot = 1\n")
    [line] = perpetua("doctor", code=2).stdout.splitlines()
    assert line.startswith("WRONG  settings: setting prot: ")


def test_help_loads_nothing_heavy(perpetua: Perpetua) -> None:
    assert "approve" in perpetua("--help").stdout
    assert "approve" in perpetua().stdout
    probe = "import sys, services.cli.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, check=True)
    assert not HEAVY & set(done.stdout.decode().split())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain é 中 ", "plain é 中 "),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\u202eright", r"\u202eright"),
        ("\U000e0041", r"\U000e0041"),
        ("\ufeff\u200b", r"\ufeff\u200b"),
    ],
)
def test_nothing_can_hide_in_what_is_shown(given: str, shown: str) -> None:
    assert visible(given) == shown
