"""A process that makes a name a file, then a link, then a file again, as fast as it can."""

import os
import sys
from pathlib import Path


def main(name: str, outside: str) -> None:
    """Swap until killed; a line tells that it has begun."""
    path = Path(name)
    link, plain = path.with_name("link"), path.with_name("plain")
    print("swapping", flush=True)
    while True:
        os.symlink(outside, link)
        os.rename(link, path)
        os.close(os.open(plain, os.O_WRONLY | os.O_CREAT))
        os.rename(plain, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
