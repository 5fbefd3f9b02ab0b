"""What is logged by Kafka's client is not for the screen."""

import logging
import sys

import pytest

from services.cli.logs import log_lines


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)


def test_only_what_we_say_ourselves_goes_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log_lines()
    for name in ("kafka", "kafka.coordinator.base", "kafkaesque", "services.ingest.ingest"):
        logging.getLogger(name).warning("said by %s", name)
    sys.stderr.flush()
    said = capsys.readouterr().err
    assert said == "perpetua: said by kafkaesque\nperpetua: said by services.ingest.ingest\n"
