"""Wherever a writer dies, the next one has every row once, and readers saw no half file."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from domain.recorded import Stored
from services.lake.manifest import Manifest
from tests.integration.lake.telling import (
    expected,
    exported,
    manifest_of,
    on_disk,
    rows,
    some,
    told,
)

pytestmark = pytest.mark.usefixtures("quick_disk")

TOUCHES = ("open", "fsync", "replace", "rename", "mkdir", "unlink")
"""Functions of `os` by which anything on the disk changes, or comes to stay."""


class Died(BaseException):
    """The process is no more."""


class Death:
    """Comes just before the disk is touched for the nth time."""

    def __init__(self, patching: pytest.MonkeyPatch, nth: int) -> None:
        self.came = False
        self._left = nth
        for name in TOUCHES:
            patching.setattr(os, name, self._deadly(getattr(os, name)))

    def _deadly(self, touch: Callable[..., Any]) -> Callable[..., Any]:
        def deadly(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                self.came = True
                raise Died
            return touch(*arguments, **options)

        return deadly


@pytest.fixture(scope="module")
def events() -> list[Stored]:
    return some(110)


@pytest.mark.parametrize("rebuild", [False, True], ids=["export", "rebuild"])
def test_a_writer_that_dies_at_any_touch_of_the_disk_loses_and_doubles_nothing(
    tmp_path: Path, events: list[Stored], rebuild: bool
) -> None:
    whole, before = expected(events), tmp_path / "before"
    exported(before, told(events[:60]))
    for nth in count(1, 4 if rebuild else 2):
        lake = tmp_path / "lake"
        shutil.copytree(before, lake)
        with pytest.MonkeyPatch.context() as patching, suppress(Died):
            death = Death(patching, nth)
            exported(lake, told(events), rebuild=rebuild)
        half = rows(lake)  # every file the manifest names is there, and whole
        positions = [row["position"] for each in half.values() for row in each]
        assert len(positions) == len(set(positions)) >= 60
        exported(lake, told(events))
        assert rows(lake) == whole
        assert on_disk(lake) == set(manifest_of(lake).every_path())
        shutil.rmtree(lake)
        if not death.came:
            break
    assert nth > 30


def test_what_a_manifest_names_was_on_the_disk_before_it(
    tmp_path: Path, events: list[Stored], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[str] = set()
    named: set[str] = set()
    replace = os.replace

    def note_sync(number: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{number}").readlink()))

    def check(source: Any, target: Any) -> None:
        new = Manifest.model_validate_json(Path(source).read_bytes())
        paths = [tmp_path / each for each in new.paths()]
        assert {str(source), *map(str, paths), *(str(path.parent) for path in paths)} <= synced
        assert not paths or str(tmp_path) in synced
        replace(source, target)
        named.update(new.paths())
        synced.discard(str(tmp_path))

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", check)
    exported(tmp_path, told(events))
    assert str(tmp_path) in synced
    assert named >= set(manifest_of(tmp_path).paths())
