"""What is logged: what we say on standard error, and in the file, of calls, what went wrong."""

import json
import subprocess
import sys
from pathlib import Path

SAYS = """
import logging
from services.cli.logs import log_lines
log_lines()
for name in ("kafka", "kafka.coordinator.base", "kafkaesque", "services.ingest.ingest"):
    logging.getLogger(name).warning("said by %s", name)
"""
CALLS = """
import logging, pathlib, sys
from services.cli.logs import log_to_file
log_to_file(pathlib.Path(sys.argv[1]))
logging.getLogger("httpx2").info("HTTP Request: POST")
logging.getLogger("httpx2").warning("broken")
logging.getLogger("services").info("ours")
"""


def test_what_a_kafka_client_says_is_not_for_the_screen() -> None:
    done = subprocess.run([sys.executable, "-c", SAYS], check=True, capture_output=True, text=True)

    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "perpetua: said by kafkaesque", "perpetua: said by services.ingest.ingest",
    ]  # fmt: skip


def test_a_call_of_a_model_that_went_well_is_no_line_of_the_log(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", CALLS, str(tmp_path)], check=True)

    lines = (tmp_path / "perpetua.log").read_text().splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["broken", "ours"]
