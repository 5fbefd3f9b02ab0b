"""A process that appends lines: FOLDER TARGET LIMIT KEY... No file may grow over LIMIT bytes."""

import resource
import signal
import sys
from pathlib import Path

from services.gate.file_actuator import FileActuator


def main(folder: str, target: str, limit: str, *keys: str) -> None:
    """Append a line for each key, telling before and after each."""
    if int(limit):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    actuator = FileActuator(Path(folder))
    for number, key in enumerate(keys):
        print("begin", key, flush=True)
        acted = actuator.act(target, {"line": f"line {number} of {key}"}, key)
        print(acted.outcome, key, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
