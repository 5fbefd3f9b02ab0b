"""Uses the embedded server of a home until told to leave.

Arguments: home, and `wait` to wait for a line on standard input before leaving, or `write` to
append events and print each acknowledged position until killed. Prints the server's process id.
"""

import sys
from pathlib import Path

from services.store.embedded import EmbeddedPostgres
from services.store.migrate import migrate
from services.store.recorder import Recorder
from tests.integration.store.making import save


def main(home: Path, what: str) -> None:
    server = EmbeddedPostgres(home)
    url = server.start()
    print(server.pid, flush=True)
    if what == "write":
        migrate(url)
        with Recorder(url) as store:
            version = store.stream_head("s")
            while True:
                version += 1
                print(store.submit(save("s", version)).result()[0], flush=True)
    sys.stdin.readline()
    print(server.stop_if_last_user())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
