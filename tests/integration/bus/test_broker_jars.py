"""Kafka's jars: fetched whole and checked, or not at all."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.bus.broker.jars import broker_jars
from services.bus.errors import BrokerUnavailable

JAR = b"a jar"
BROUGHT = f"{hashlib.sha256(JAR).hexdigest()}  kafka.jar\n"
COPIES = """#!/bin/sh
echo run >> "$(dirname "$0")/runs"
for argument; do case $argument in -DoutputDirectory=*) folder=${argument#*=};; esac; done
mkdir -p "$folder" && printf 'a jar' > "$folder/kafka.jar"
"""
FAILS = """#!/bin/sh
echo '[ERROR] Failed to execute goal: Could not find artifact kafka in central -> [Help 1]'
echo '[ERROR] '
echo '[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.'
echo '[ERROR] Re-run Maven using the -X switch to enable full debug logging.'
echo '[ERROR] [Help 1] http://cwiki.apache.org/confluence/display/MAVEN/Some'
exit 1
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a recipe for one jar, and with its own `mvn` on the PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "jars.sha256").write_text(BROUGHT)
    maven(tmp_path, COPIES)
    return tmp_path


def maven(place: Path, script: str) -> None:
    (place / "mvn").write_text(script)
    (place / "mvn").chmod(0o755)


def test_they_are_fetched_once_however_many_start(place: Path) -> None:
    with ThreadPoolExecutor(4) as four:
        found = list(four.map(lambda _: broker_jars(place / "kept", place), range(4)))
    assert {folder / "kafka.jar" for folder in found} == {place / "kept" / "jars" / "kafka.jar"}
    assert (found[0] / "kafka.jar").read_bytes() == JAR
    assert (place / "runs").read_text() == "run\n"


def test_another_list_fetches_them_anew(place: Path) -> None:
    broker_jars(place / "kept", place)
    (place / "jars.sha256").write_text(BROUGHT.replace("  ", "   "))
    broker_jars(place / "kept", place)
    assert (place / "runs").read_text() == "run\nrun\n"


@pytest.mark.parametrize(
    ("sums", "named"),
    [
        (BROUGHT.replace("kafka", "other"), "kafka.jar"),  # neither is where it must be
        (f"{'0' * 64}  kafka.jar\n", "kafka.jar"),
        (f"{BROUGHT}{'0' * 64}  missing.jar\n", "missing.jar"),
    ],
)
def test_a_jar_that_is_not_as_listed_is_not_kept(place: Path, sums: str, named: str) -> None:
    (place / "jars.sha256").write_text(sums)
    with pytest.raises(BrokerUnavailable, match=f"{named}.*jars.sha256"):
        broker_jars(place / "kept", place)
    assert not (place / "kept" / "jars").exists()


def test_what_maven_complains_of_is_told(place: Path) -> None:
    maven(place, FAILS)
    with pytest.raises(BrokerUnavailable, match="Could not find artifact kafka in central") as told:
        broker_jars(place / "kept", place)
    assert "\n" not in str(told.value)
    assert "Help" not in str(told.value)


def test_without_maven_it_says_what_to_install(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(place / "nothing"))
    with pytest.raises(BrokerUnavailable, match="no mvn on this machine: install it"):
        broker_jars(place / "kept", place)
