"""What is kept in the log file: what we say, and of calls only what went wrong."""

import json
import subprocess
import sys
from pathlib import Path

SAYS = """
import logging, pathlib, sys
from services.cli.logs import log_to_file
log_to_file(pathlib.Path(sys.argv[1]))
logging.getLogger("httpx2").info("HTTP Request: POST")
logging.getLogger("httpx2").warning("broken")
logging.getLogger("services").info("ours")
"""


def test_a_call_of_a_model_that_went_well_is_no_line_of_the_log(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", SAYS, str(tmp_path)], check=True)

    lines = (tmp_path / "perpetua.log").read_text().splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["broken", "ours"]
