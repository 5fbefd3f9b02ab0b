"""`perpetua lineage` and `perpetua reconcile`, as people type them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.app import App
from services.cli import main
from services.cli.failures import Failure
from services.commands.lifecycle import NewPersona
from services.settings import Settings
from tests.e2e.process import TOKEN, Perpetua
from tests.integration.cli.test_asking import on_a_terminal
from tests.integration.views.writing import write
from tests.unit.projections.given import History

DEEP = 1_200
"""Generations: beyond what Python lets a function call itself."""


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[App]:
    with App(Settings(home=tmp_path, database_url=database, token=TOKEN)) as app:
        yield app


@pytest.fixture
def perpetua(
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    """Runs a command within this process, which is quicker; returns what it prints."""
    monkeypatch.setenv("PERPETUA_HOME", str(tmp_path))
    monkeypatch.setenv("PERPETUA_DATABASE_URL", database)
    monkeypatch.setenv("PERPETUA_TOKEN", TOKEN)

    def run(*arguments: str) -> str:
        main.app(arguments, standalone_mode=False)
        return capsys.readouterr().out

    return run


def spawn(app: App, persona_id: str, parent_id: str | None = None, swarm: str | None = None) -> int:
    new = NewPersona(
        persona_id=persona_id, name=f"N {persona_id}", role="watcher", charter="c",
        parent_id=parent_id, swarm_id=swarm,
    )  # fmt: skip
    return app.spawn(app.executor.context("user:eve"), new)


def reap(app: App, persona_id: str) -> None:
    app.reaper.reap(app.executor.context("user:eve"), persona_id, "manual")


@pytest.fixture
def family(app: App) -> App:
    """A root with two children, one of them ended with a child of its own, and a root apart."""
    for persona_id, parent, swarm in (
        ("root", None, "one"), ("bob", "root", None), ("leaf", "bob", None),
        ("cat", "root", "two"), ("other", None, "three"),
    ):  # fmt: skip
        spawn(app, persona_id, parent, swarm)
    reap(app, "bob")
    return app


def test_it_is_a_tree_with_who_they_are_how_they_stand_and_what_is_left(
    family: App, perpetua: Callable[..., str]
) -> None:
    lines = perpetua("lineage").splitlines()
    left = "20,000 tokens, 10,000 ms and {} left"
    assert lines == [
        f"root  N root, active, watcher, 0 thoughts, {left.format('3 spawns')}",
        "  bob  N bob, reaped (manual), watcher, 0 thoughts",
        f"    leaf  N leaf, active, watcher, 0 thoughts, {left.format('4 spawns')}",
        f"  cat  N cat, active, watcher, 0 thoughts, {left.format('4 spawns')}",
        f"other  N other, active, watcher, 0 thoughts, {left.format('4 spawns')}",
    ]


def test_it_is_of_somebody_of_a_swarm_or_as_of_a_moment(
    family: App, perpetua: Callable[..., str]
) -> None:
    above = perpetua("lineage", "leaf", "--ancestors", "--swarm", "one")
    assert [line.split()[0] for line in above.splitlines()] == ["root", "bob", "leaf"]
    before = str(family.recorder.head() - 5)
    then = perpetua("lineage", "bob", "--as-of", before)
    assert then.splitlines() == ["bob  N bob, active", "  leaf  N leaf, active"]
    assert perpetua("lineage", "--as-of", "2001-01-01T00:00:00Z") == "Nobody lives here.\n"


def test_what_cannot_be_asked_is_one_line(family: App, perpetua: Callable[..., str]) -> None:
    with pytest.raises(Failure, match="say whose"):
        perpetua("lineage", "--ancestors")
    with pytest.raises(Failure, match="RFC 3339"):
        perpetua("lineage", "--as-of", "yesterday")
    with pytest.raises(Failure, match="beyond the last event"):
        perpetua("lineage", "--as-of", "99999")
    with pytest.raises(Failure, match="there is no persona nobody"):
        perpetua("lineage", "nobody")


def test_on_a_terminal_it_is_drawn(family: App, database: str) -> None:
    real = Perpetua(family.settings.home, database)
    code, said = on_a_terminal(real, "lineage", answer=b"")
    assert code == 0
    assert "fabric" in said
    assert "└── other" in said


def test_thousands_of_generations_are_shown(app: App, perpetua: Callable[..., str]) -> None:
    history = History().spawned("p0")
    for depth in range(1, DEEP):
        history.spawned(f"p{depth}", parent=f"p{depth - 1}", depth=depth)
    write(app.recorder, history)
    lines = perpetua("lineage").splitlines()
    assert len(lines) == DEEP
    assert lines[-1].strip().startswith(f"({DEEP - 1:,} below) p{DEEP - 1}  p{DEEP - 1}, active")


def test_it_is_reconciled_once_it_was_looked_at(family: App, perpetua: Callable[..., str]) -> None:
    seen = perpetua("reconcile", "--dry-run")
    assert "due      orphans  leaf" in seen
    assert seen.endswith("0 mended, 1 to be mended, 0 left\n")
    assert json.loads(perpetua("reconcile", "--json"))["mended"] == 1
    assert perpetua("reconcile", "--dry-run") == "All is as it should be.\n"
