"""Draws the picture in docs/terminal.md anew, of a real run on a recorded log: `make picture`."""

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter
from rich.console import Console

from services.cli.announce import STYLES
from services.cli.fabric import Running
from services.cli.failures import Failure
from services.cli.picture.drawn import drawn
from services.cli.picture.parts import Place, Word, short
from services.picture.picture import Picture
from services.settings import load

ROOT = Path(__file__).parent.parent
LOG = "examples/sshd.log"
PAGE, IMAGE = ROOT / "docs" / "terminal.md", ROOT / "docs" / "images" / "up.svg"
PERPETUA = Path(sys.executable).with_name("perpetua")
WIDTH, HEIGHT = 104, 38
PROPOSALS = 5
PATIENCE_SECS = 90.0
_WHOLE_ID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
PLACE = Place("http://127.0.0.1:8080", "token in ~/.perpetua/token", "perpetua approve")
"""As on a machine of one's own: neither the page nor the image names this one."""


def main() -> None:
    """Run, wait until everything is proposed, approve one, draw, and put it into the page."""
    with tempfile.TemporaryDirectory(prefix="perpetua-picture-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        os.environ["PERPETUA_HOME"] = str(home)
        with _up(home) as said:
            waiting = _seen(lambda it: it.waiting >= PROPOSALS and bool(it.suppositions[0].outcome))
            _approve(waiting.approvals[0].proposal_id)
            picture = _seen(lambda it: it.waiting < PROPOSALS and not _thinks(it))
            words = list(_words(said.read_text(encoding="utf-8")))
    sources = tuple(replace(each, source=LOG) for each in picture.sources)
    lines = drawn(replace(picture, sources=sources), PLACE, words, width=WIDTH, height=HEIGHT)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(line, soft_wrap=True)
    IMAGE.parent.mkdir(exist_ok=True)
    IMAGE.write_text(_plain_svg(console.export_svg(title="perpetua up", clear=False)))
    text = "\n".join(line.plain.rstrip() for line in lines)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        re.sub(r"(?s)(```text picture\n).*?(\n```)", lambda at: at[1] + text + at[2], page),
        encoding="utf-8",
    )


@contextmanager
def _up(home: Path) -> Iterator[Path]:
    """Serve for as long as the block lasts; give the file with what is said."""
    said = home / "said"
    with said.open("w") as out:
        process = subprocess.Popen(  # noqa: S603  our own command
            [PERPETUA, "up", "--port", "0", LOG], cwd=ROOT, stdout=out, stdin=subprocess.DEVNULL
        )
    try:
        yield said
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECS)


def _approve(proposal_id: str) -> None:
    command = [PERPETUA, "approve", "--yes", proposal_id]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603  our own command


def _thinks(picture: Picture) -> bool:
    """Tell whether somebody in it still thinks."""
    return any(each.waits_for is None for each in picture.minds)


def _seen(holds: Callable[[Picture], bool]) -> Picture:
    """Return the first picture of which something holds."""
    deadline = time.monotonic() + PATIENCE_SECS
    with Running(load()) as fabric:
        while time.monotonic() < deadline:
            time.sleep(0.5)
            try:
                picture = TypeAdapter(Picture).validate_python(fabric.get("/v1/picture"))
            except Failure:  # it is just starting
                continue
            if holds(picture):
                return picture
    raise TimeoutError(f"not {PROPOSALS} proposals, or one not executed, in {PATIENCE_SECS:.0f} s")


def _words(said: str) -> Iterator[Word]:
    for line in said.splitlines():
        at, _, rest = line.partition("Z  ")
        word, _, what = rest.partition(" ")
        if word in STYLES:
            what = _WHOLE_ID.sub(lambda found: short(found[0]), what)
            yield Word(datetime.fromisoformat(f"{at}+00:00"), word, what.strip(), STYLES[word])


def _plain_svg(svg: str) -> str:
    """Return an image that asks nothing of other sites."""
    svg = re.sub(r"<!--.*?-->", "", svg)
    return re.sub(r"@font-face\s*\{[^}]*\}\s*", "", svg)


if __name__ == "__main__":
    main()
