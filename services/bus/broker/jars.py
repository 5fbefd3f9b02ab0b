"""Kafka's own jars: brought once by Maven, checked, and shared by all homes of this checkout."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from services.bus.errors import BrokerUnavailable
from services.store.errors import StoreUnavailable
from services.store.file_lock import file_lock

ROOT: Final = Path(__file__).resolve().parents[3]
RECIPE: Final = ROOT / "infra" / "kafka"
SUMS: Final = "jars.sha256"
"""What each jar must be, as `sha256sum` prints it; a copy beside the jars says they are checked."""
_FETCH_SECONDS: Final = 900
_ELSEWHERE: Final = "or set PERPETUA_KAFKA to another broker"
_NOISE: Final = re.compile(r"^(To see the full|Re-run Maven|For more information|\[Help \d|->|$)")
"""Advice that Maven prints after what went wrong."""


def broker_jars(kept: Path = ROOT / ".kafka", recipe: Path = RECIPE) -> Path:
    """Return the folder of the jars, fetched first unless they are there.

    Two processes that fetch at once wait for each other.

    Raises:
        BrokerUnavailable: they can't be fetched, or are not the ones they must be.
    """
    jars, sums = kept / "jars", (recipe / SUMS).read_text()
    try:
        if _checked(jars) == sums:
            return jars
        kept.mkdir(exist_ok=True)
        with file_lock(kept / "lock"):
            if _checked(jars) != sums:
                _bring(jars, recipe, sums)
    except OSError as wrong:
        raise BrokerUnavailable(
            f"Kafka's jars can't be kept in {kept}: {wrong.strerror}",
            f"make room or give access, {_ELSEWHERE}",
        ) from wrong
    except StoreUnavailable as waited:
        raise BrokerUnavailable(waited.message, waited.hint) from waited
    return jars


def _checked(jars: Path) -> str:
    try:
        return (jars / SUMS).read_text()
    except FileNotFoundError:
        return ""


def _bring(jars: Path, recipe: Path, sums: str) -> None:
    """Fetch and check beside the place, then put in place: whole or not at all."""
    fetched = jars.with_name("fetched")
    shutil.rmtree(fetched, ignore_errors=True)
    _fetch(recipe / "pom.xml", fetched)
    _check(fetched, sums)
    (fetched / SUMS).write_text(sums)
    shutil.rmtree(jars, ignore_errors=True)
    fetched.rename(jars)


def _fetch(pom: Path, folder: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise BrokerUnavailable(
            "Kafka's jars are fetched with Maven, and there is no mvn on this machine",
            f"install it (Debian: apt-get install maven), {_ELSEWHERE}",
        )
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    quiet = ["-q", "-B", "-ntp", "-Dstyle.color=never"]
    try:
        done = subprocess.run(  # noqa: S603 (found by name, no shell)
            [maven, *quiet, "-f", str(pom), *goal],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_FETCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BrokerUnavailable(
            f"Maven has not brought Kafka's jars in {_FETCH_SECONDS:,} s",
            f"check the network and try again, {_ELSEWHERE}",
        ) from None
    if done.returncode:
        raise BrokerUnavailable(
            f"Maven can't bring Kafka's jars: {_complaint(done.stdout)}",
            f"check the network and Maven's settings.xml, {_ELSEWHERE}",
        )


def _check(folder: Path, sums: str) -> None:
    """Compare the jars with the list: none other, none missing, none changed."""
    expected = {name: digest for digest, name in (line.split() for line in sums.splitlines())}
    actual = {
        jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")
    }
    wrong = sorted(name for name, _ in expected.items() ^ actual.items())
    if wrong:
        raise BrokerUnavailable(
            f"Maven brought another {wrong[0]} than {RECIPE.name}/{SUMS} names",
            f"remove it from Maven's repository and try again, {_ELSEWHERE}",
        )


def _complaint(text: str) -> str:
    """Return the last line that says what went wrong."""
    lines = [line.removeprefix("[ERROR]").strip() for line in text.splitlines()]
    told = [line for line in lines if not _NOISE.match(line)]
    return (told or ["it does not say why"])[-1].removesuffix(" -> [Help 1]")
