"""Settings that are not read, read twice, or misspelt are found."""

from pathlib import Path

import pytest

from services.cli.checks import files
from services.cli.checks.files import suggestion
from services.settings import SettingsError, load
from tests.unit.cli.scenes import scene


@pytest.mark.parametrize(
    ("name", "verdict", "fix"),
    [
        ("PERPETUA_HOSTT", "warning", "PERPETUA_HOST"),
        ("perpetua_kafak", "warning", "PERPETUA_KAFKA"),
        ("PERPETUA_XYZZY", "warning", "unset it"),
        ("PERPETUA_GATE__FOLDER", "fine", ""),
        ("PERPETUA_DEBUG", "fine", ""),
        ("PERPETUA_URL", "fine", ""),
    ],
)
def test_a_variable_that_is_no_setting_is_found(
    name: str, verdict: str, fix: str, tmp_path: Path
) -> None:
    found = files.variables(scene(tmp_path, variables={name: "1", "HOME": "/"}))
    assert found.verdict == verdict
    assert fix in (found.fix or "")


def test_two_files_that_contradict_each_other_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    for folder, text in ((home, "port = 1\nhost = '::1'"), (here, "port = 2\nhost = '::1'")):
        folder.mkdir()
        (folder / "perpetua.toml").write_text(text)
    monkeypatch.chdir(here)
    found = files.files_twice(scene(home))
    assert found
    assert found.verdict == "warning"
    assert "both set port: the latter counts" in found.found
    (here / "perpetua.toml").write_text("port = 1\n")
    agreed = files.files_twice(scene(home))
    assert agreed
    assert agreed.verdict == "fine"
    monkeypatch.chdir(home)
    assert files.files_twice(scene(home)) is None


@pytest.mark.parametrize(
    "name", ["perpetua.tml", "Perpetua.toml", "perpetua.yaml", "perpetual.toml"]
)
def test_a_file_that_is_not_read_is_found(name: str, tmp_path: Path) -> None:
    assert files.files_unread(scene(tmp_path)) is None
    (tmp_path / "perpetua.log").touch()
    (tmp_path / "perpetua.toml").touch()
    assert files.files_unread(scene(tmp_path)) is None
    (tmp_path / name).touch()
    found = files.files_unread(scene(tmp_path))
    assert found
    assert (found.verdict, found.fix) == ("warning", "rename it to perpetua.toml")


def test_variables_in_a_file_nobody_reads_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("OTHER=1\n")
    assert files.files_unread(scene(tmp_path)) is None
    (tmp_path / ".env").write_text("PERPETUA_PORT=1\n")
    found = files.files_unread(scene(tmp_path))
    assert found
    assert ".env" in found.found


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("prot = 1", "did you mean port?"),
        ("[gate]\nfodler = 'x'", "did you mean folder?"),
        ("[gate]\nqqqqqq = 1", "leave it out"),
        ("port = 'x'", "correct it, or leave it out"),
    ],
)
def test_a_setting_that_is_refused_comes_with_what_may_be_meant(
    text: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "perpetua.toml").write_text(text)
    monkeypatch.setenv("PERPETUA_HOME", str(tmp_path))
    with pytest.raises(SettingsError) as refused:
        load()
    assert suggestion(str(refused.value)).startswith(fix)
