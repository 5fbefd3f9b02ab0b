"""A process that makes a name a file, then a link, then a file again, as fast as it can."""

import sys
from pathlib import Path


def main(name: str, outside: str) -> None:
    """Swap until killed; a line tells that it has begun."""
    path = Path(name)
    link, plain = path.with_name("link"), path.with_name("plain")
    print("swapping", flush=True)
    while True:
        plain.touch()
        plain.rename(path)
        link.symlink_to(outside)
        link.rename(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
