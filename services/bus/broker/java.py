"""The Java that runs the local broker."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from services.bus.errors import BrokerUnavailable

OLDEST: Final = 17
"""First release of Java that Kafka 4 runs on."""
INSTALL: Final = (
    "install a newer one (Debian: apt-get install openjdk-17-jre-headless) and set JAVA_HOME to it,"
    " or set PERPETUA_KAFKA to another broker"
)
_RELEASE: Final = re.compile(r'version "(?:1\.)?(\d+)')
"""Up to Java 8 it calls itself 1.8."""


def find_java() -> str:
    """Return the path of a Java that Kafka runs on: the one of JAVA_HOME, else of PATH.

    Raises:
        BrokerUnavailable: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(Path(home, "bin", "java")) if home else shutil.which("java")
    if not java:
        where = f"in JAVA_HOME ({home})" if home else "on this machine"
        raise BrokerUnavailable(
            f"Kafka needs Java {OLDEST} or later, there is none {where}", INSTALL
        )
    said = subprocess.run(  # noqa: S603 (found by name, no shell)
        [java, "-version"], capture_output=True, text=True, errors="replace", check=False
    )
    found = _RELEASE.search(said.stderr)
    if said.returncode or not found:
        raise BrokerUnavailable(f"{java} does not say which Java it is", INSTALL)
    if int(found[1]) < OLDEST:
        raise BrokerUnavailable(
            f"Kafka needs Java {OLDEST} or later, {java} is Java {found[1]}", INSTALL
        )
    return java
