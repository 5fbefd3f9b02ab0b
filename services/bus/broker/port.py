"""Ports of this machine for the local broker, and whether it answers on its own."""

import random
import socket
import struct
from contextlib import suppress
from typing import Final

from services.bus.broker.settings import HOST
from services.bus.errors import BrokerUnavailable

_UNASSIGNED: Final = range(20_000, 32_000)
"""Below the ports that the system hands to outgoing connections: ours is still free next time."""
_TRIES: Final = 100
_ANSWER_SECONDS: Final = 5.0
_API_VERSIONS: Final = struct.pack(">ihhih", 10, 18, 0, 7, -1)
"""Request 18 in version 0: size, key, version, correlation id, no client name."""


def is_free(port: int) -> bool:
    """Tell whether the broker could listen there: as Java does, also where old ones linger."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
            trial.listen()
        except OSError:
            return False
        return True


def free_port(other_than: int = 0) -> int:
    """Return a port that nobody listens on.

    Raises:
        BrokerUnavailable: none was found.
    """
    for _ in range(_TRIES):
        port = random.choice(_UNASSIGNED)
        if port != other_than and is_free(port):
            return port
    raise BrokerUnavailable(f"no free port of {HOST} was found", "name one with --port")


def answers(port: int) -> bool:
    """Tell whether a broker there is ready: it leaves requests unanswered until it is."""
    with suppress(OSError), socket.create_connection((HOST, port), _ANSWER_SECONDS) as client:
        client.sendall(_API_VERSIONS)
        answer = client.recv(10, socket.MSG_WAITALL)
        return len(answer) == 10 and struct.unpack(">iih", answer)[1:] == (7, 0)
    return False
