"""The command where its surroundings are odd: closed streams, a width that is none, its help."""

import subprocess

import pytest

from services.cli.main import app
from tests.e2e.process import PATIENCE_SECS, PERPETUA, Perpetua


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_as_good_as_one_that_leads_nowhere(
    perpetua: Perpetua, closing: str
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" status {closing}', PERPETUA],
        env=perpetua.env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ("thinking" in done.stdout) == (">&-" not in closing.replace("2>&-", ""))


@pytest.mark.parametrize("columns", ["0", "-5", "many"])
def test_a_width_that_is_none_is_not_heeded(
    perpetua: Perpetua, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    told = perpetua("status").stdout
    monkeypatch.setitem(perpetua.env, "COLUMNS", columns)
    assert perpetua("status").stdout == told


def test_no_line_of_the_help_breaks_off(perpetua: Perpetua) -> None:
    told = " ".join(perpetua("--help").stdout.split())
    assert "..." not in told.partition("Commands:")[2]
    for command in app.registered_commands:
        assert command.callback is not None
        first = (command.callback.__doc__ or "").split("\n\n")[0]
        assert " ".join(first.split()) in told


def test_a_misspelt_setting_is_refused_with_the_one_that_may_be_meant(perpetua: Perpetua) -> None:
    perpetua.home.mkdir()
    (perpetua.home / "perpetua.toml").write_text("[inputs]\nlines_per_secnd = 3\n")
    assert "did you mean lines_per_second?" in perpetua.refused("status")
