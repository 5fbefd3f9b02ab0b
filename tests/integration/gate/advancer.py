"""A process that advances proposals: DATABASE HOME ID... It tells when it begins."""

import sys
from pathlib import Path

from services.store.recorder import Recorder
from tests.integration.gate.house import House


def main(database: str, home: str, *proposal_ids: str) -> None:
    """Advance each proposal, again and again until it is executed."""
    with Recorder(database) as store:
        house = House(store, database, Path(home))
        print("ready", flush=True)
        sys.stdin.readline()
        for proposal_id in proposal_ids:
            while house.gate.advance(proposal_id).status != "executed":
                continue
            print(proposal_id, flush=True)
        house.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
