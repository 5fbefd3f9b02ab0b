"""A Kafka that refuses the first batch it is sent, as a broker does that does not lead yet."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread

from kafka.errors import NotLeaderForPartitionError
from kafka.protocol.producer import ProduceRequest, ProduceResponse

HELD_SECS = 1.0
"""How long the refusal is held back: who sends on without waiting for it has done so by then."""


@contextmanager
def refusing(kafka: str) -> Iterator[str]:
    """Stand before a broker for as long as the block lasts; yields the address to use."""
    with Front(kafka) as front:
        Thread(target=front.serve_forever, args=[0.05], daemon=True).start()
        try:
            yield f"{front.own[0]}:{front.own[1]}"
        finally:
            front.shutdown()


class Front(ThreadingTCPServer):
    """Takes connections for a broker."""

    def __init__(self, kafka: str) -> None:
        host, _, port = kafka.rpartition(":")
        super().__init__(("127.0.0.1", 0), Connection)
        self.broker = host, int(port)
        self.own = "127.0.0.1", int(self.server_address[1])
        self.refused = False


class Connection(BaseRequestHandler):
    """Passes on what one client asks and is answered."""

    server: Front

    def handle(self) -> None:
        upstream = socket.create_connection(self.server.broker)
        may_answer = Event()
        may_answer.set()
        answers = Thread(target=self._answers, args=[upstream, may_answer])
        answers.start()
        with upstream, suppress(OSError):
            while frame := _read(self.request):
                api, version = struct.unpack_from(">hh", frame)
                if api == ProduceRequest.API_KEY and not self.server.refused:
                    self.server.refused = True
                    refusal = _refusal(frame, version)
                    may_answer.clear()  # answers come in the order of the requests
                    Thread(target=self._refuse, args=[refusal, may_answer]).start()
                else:
                    _write(upstream, frame)
            upstream.shutdown(socket.SHUT_RDWR)
            answers.join()

    def _answers(self, upstream: socket.socket, may_answer: Event) -> None:
        """Pass answers on; where they tell where the broker is, they tell of this front."""
        there, here = _told(self.server.broker), _told(self.server.own)
        with suppress(OSError):
            while frame := _read(upstream):
                may_answer.wait()
                _write(self.request, frame.replace(there, here))

    def _refuse(self, refusal: bytes, may_answer: Event) -> None:
        may_answer.wait(HELD_SECS)
        with suppress(OSError):
            _write(self.request, refusal)
        may_answer.set()


def _refusal(frame: bytes, version: int) -> bytes:
    request = ProduceRequest.decode(frame, version=version, header=True)
    of_topic = ProduceResponse.TopicProduceResponse
    code = NotLeaderForPartitionError.errno
    refusal = ProduceResponse[version](
        responses=[
            of_topic(
                name=topic.name,
                partition_responses=[
                    of_topic.PartitionProduceResponse(
                        index=data.index, error_code=code, base_offset=-1, record_errors=[]
                    )
                    for data in topic.partition_data
                ],
            )
            for topic in request.topic_data
        ]
    )
    refusal.with_header(request.header.correlation_id)
    return bytes(refusal.encode(header=True))


def _told(address: tuple[str, int]) -> bytes:
    host, port = address
    return host.encode() + struct.pack(">i", port)


def _write(to: socket.socket, frame: bytes) -> None:
    to.sendall(struct.pack(">i", len(frame)) + frame)


def _read(sender: socket.socket) -> bytes:
    """Read one message; nothing once the connection has ended."""
    size = _exactly(sender, 4)
    return _exactly(sender, *struct.unpack(">i", size)) if size else b""


def _exactly(sender: socket.socket, size: int) -> bytes:
    read = bytearray()
    while len(read) < size:
        if not (piece := sender.recv(size - len(read))):
            return b""
        read += piece
    return bytes(read)
