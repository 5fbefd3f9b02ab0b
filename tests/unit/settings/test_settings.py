"""Settings: flag > variable > file > default, and one line for a wrong one."""

import shutil
from pathlib import Path

import pytest

from services.settings import Settings, SettingsError, load

EXAMPLE = Path(__file__).parents[3] / "docs" / "perpetua.toml"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERPETUA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_file_says_the_defaults(home: Path) -> None:
    shutil.copy(EXAMPLE, home / "perpetua.toml")
    from_file = load()
    (home / "perpetua.toml").unlink()

    assert from_file == load()


def test_a_flag_goes_before_a_variable_and_a_variable_before_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "perpetua.toml").write_text("port = 1111\n")
    assert load().port == 1111
    monkeypatch.setenv("PERPETUA_PORT", "2222")
    assert load().port == 2222
    assert load(port=3333).port == 3333


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("port = 99999\n", "port"),
        ("prot = 1\n", "prot"),
        ("[gate]\nfodler = 1\n", "gate.fodler"),
        ("port = \n", "perpetua.toml"),
        ("[cognition]\nloop_interval_ms = 5\n", "cognition.loop_interval_ms"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(home: Path, text: str, named: str) -> None:
    (home / "perpetua.toml").write_text(text)
    with pytest.raises(SettingsError) as wrong:
        load()

    assert named in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_nothing_is_allowed_by_default_but_notes_and_approved_denials() -> None:
    allowed = {(rule.tool, rule.targets, rule.max_risk) for rule in Settings().gate.allow}

    assert allowed == {("file.append", ("deny.list",), "high"), ("notify", ("*",), "low")}
