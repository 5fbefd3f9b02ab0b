"""The port to serve on, taken before anything is started."""

import errno
import socket

from services.cli.failures import Failure

BACKLOG = 2_048


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; port 0 is any free one.

    Raises:
        Failure: the port is taken, not permitted, or the host is none of ours.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as wrong:
        raise Failure(_why(host, port, wrong)) from None


def url_of(listening: socket.socket) -> str:
    """Return the URL of a socket: an address that clients on this machine can reach."""
    host, port = listening.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _why(host: str, port: int, wrong: OSError) -> str:
    if wrong.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; choose another with --port, 0 for any free one"
    if wrong.errno == errno.EACCES:
        return f"port {port} is not for this user; choose one above 1023 with --port"
    return f"can't serve on {host}: {wrong.strerror}; set --host to an address of this machine"
