"""`perpetua kafka`: a broker that answers for as long as the command runs."""

import re
import signal
from pathlib import Path

import pytest

from services.bus.broker.local_broker import LocalBroker
from services.bus.broker.port import answers
from tests.e2e.process import Perpetua, until


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_and_ends_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    perpetua = Perpetua(tmp_path / "home")
    broker = LocalBroker(perpetua.home / "kafka", 0)
    process = perpetua.start("kafka", "--port", "0")
    try:
        until(lambda: process.poll() is not None or "Ctrl-C" in out(perpetua), "it is up")
        assert perpetua.errors == ""
        told = re.search(r"PERPETUA_KAFKA=127\.0\.0\.1:(\d+)$", out(perpetua), re.MULTILINE)
        assert told
        assert answers(int(told[1]))
        assert f"process {broker.pid}" in perpetua.refused("kafka")
        process.send_signal(number)
        assert process.wait(20) == 0
        assert out(perpetua).endswith("Ended in good order.\n")
        assert broker.pid is None
    finally:
        process.kill()
        process.wait()
        broker.kill()


def out(perpetua: Perpetua) -> str:
    return (perpetua.home / "out").read_text()
