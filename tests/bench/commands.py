"""What a person waits for: `run` on a recorded log, and the first thought of `up`."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LOG = ROOT / "examples" / "sshd.log"
PERPETUA = Path(sys.executable).with_name("perpetua")
PATIENCE_SECS = 30.0


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal)."""
    with tempfile.TemporaryDirectory(prefix="perpetua-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        cold = _run(home)
        warm = _run(home)
        yield f"`run`, {LOG.name}, first time / warm", f"{cold:.1f} s / {warm:.1f} s", "under 10 s"
        first = _first_thought(home)
        yield "`up` to the first thought, warm", f"{first:.1f} s", "under 5 s"


def _run(home: Path) -> float:
    began = time.perf_counter()
    report = subprocess.run(
        [PERPETUA, "run", LOG, "--json"], env=_env(home), check=True, capture_output=True
    )
    json.loads(report.stdout)
    return time.perf_counter() - began


def _first_thought(home: Path) -> float:
    """Start `up` on a home that has been used, and wait until a new thought is in the status."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [PERPETUA, "up", LOG, "--port", "0"],
        env=_env(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while time.perf_counter() - began < PATIENCE_SECS:
            status = subprocess.run(
                [PERPETUA, "personas", "--json"], env=_env(home), capture_output=True, check=False
            )
            if status.returncode == 0 and any(
                row["thought_count"] and row["identity"]["id"] == "root-thinker"
                for row in json.loads(status.stdout)
            ):
                return time.perf_counter() - began
            time.sleep(0.05)
        raise TimeoutError(f"no thought within {PATIENCE_SECS:.0f} s")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECS)


def _env(home: Path) -> dict[str, str]:
    return {**os.environ, "PERPETUA_HOME": str(home)}
