"""The container files, read as text: no parser of YAML is among the dependencies."""

import re
import shlex
from pathlib import Path

import pytest

from services.settings import Settings
from tests import kafka

ROOT = Path(__file__).parents[3]
COMPOSE = (ROOT / "infra" / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "infra" / "Dockerfile").read_text()
ENTRY = re.compile(r"^ +([A-Z_]+): (.*)$", re.MULTILINE)


def test_images_are_pinned() -> None:
    images = re.findall(r"^ +image: (\S+)$", COMPOSE, re.MULTILINE)
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 4
    for image in images:
        _, _, tag = image.partition(":")
        assert tag not in ("", "latest"), image


def test_one_release_of_kafka_is_used_everywhere() -> None:
    pom = (ROOT / "infra" / "kafka" / "pom.xml").read_text()
    found = re.search(r"<artifactId>kafka_2.13</artifactId>\s+<version>([\d.]+)</version>", pom)
    assert found
    assert f"apache/kafka:{found[1]}" == kafka.IMAGE
    assert f"image: {kafka.IMAGE}\n" in COMPOSE
    sums = (ROOT / "infra" / "kafka" / "jars.sha256").read_text()
    assert f"  kafka_2.13-{found[1]}.jar\n" in sums


def test_secrets_are_demanded_and_never_written() -> None:
    secret = {name: value for name, value in ENTRY.findall(COMPOSE) if is_secret(name)}
    assert secret.keys() == {"POSTGRES_PASSWORD", "PERPETUA_TOKEN", "PGPASSWORD"}
    for name, value in secret.items():
        assert re.fullmatch(r"\$\{PERPETUA_[A-Z_]+:\?[a-z ]+\}", value), name
    assert not re.search(r"://[^@/\s]+:[^@/\s]+@", COMPOSE), "a password in a URL"
    assert not [line for line in DOCKERFILE.splitlines() if is_secret(line)]


def test_settings_have_the_names_that_are_read() -> None:
    entries = dict(ENTRY.findall(COMPOSE))
    names = {name for name in entries if name.startswith("PERPETUA_")}
    names |= set(re.findall(r"\b(PERPETUA_[A-Z_]+)=", DOCKERFILE))
    assert names == {
        "PERPETUA_HOME",
        "PERPETUA_HOST",
        "PERPETUA_PORT",
        "PERPETUA_TOKEN",
        "PERPETUA_DATABASE_URL",
        "PERPETUA_KAFKA",
    }
    assert {
        name.removeprefix("PERPETUA_").lower() for name in names
    } <= Settings.model_fields.keys()


def test_only_this_machine_is_listened_on() -> None:
    published = re.findall(r'^ +- "(\S+:\d+:\d+)"', COMPOSE, re.MULTILINE)
    assert len(published) == COMPOSE.count("\n    ports:\n") == 2
    assert all(each.startswith("127.0.0.1:") for each in published)


@pytest.mark.parametrize("service", ["postgres", "kafka", "perpetua"])
def test_every_service_is_watched_and_keeps_its_data(service: str) -> None:
    found = re.search(rf"^  {service}:\n((?:(?:    .*)?\n)+)", COMPOSE, re.MULTILINE)
    assert found
    assert "healthcheck:" in found[1]
    volume = re.search(r"volumes:\n      - (\w+):/", found[1])
    assert volume
    assert re.search(rf"^volumes:\n(?:  \w+:\n)*  {volume[1]}:\n", COMPOSE, re.MULTILINE)


def test_the_image_runs_as_nobody_special_and_from_locked_packages() -> None:
    assert re.search(r"^USER perpetua$", DOCKERFILE, re.MULTILINE)
    assert "RUN python infra/setup_venv.py" in DOCKERFILE
    installer = (ROOT / "infra" / "setup_venv.py").read_text()
    assert 'pip_install("--require-hashes", *no_isolation, "-r", "requirements.lock")' in installer


def test_what_is_copied_is_there_and_is_let_through() -> None:
    let_through = {line[1:] for line in ignored() if line.startswith("!")}
    copied: set[str] = set()
    for line in DOCKERFILE.splitlines():
        if line.startswith("COPY "):
            copied |= {name.rstrip("/") for name in shlex.split(line)[1:-1]}
    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)
    assert ignored()[0] == "*"


def ignored() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def is_secret(name: str) -> bool:
    return bool(re.search("PASSWORD|TOKEN|SECRET|API_KEY", name))
