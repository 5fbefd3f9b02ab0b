"""A server that speaks OpenAI's embeddings API, and fails as told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class EmbeddingsServer(ThreadingHTTPServer):
    """Answers each text with its length in the first of three numbers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.failing: list[int] = []
        """Statuses of the next answers; then all goes well."""
        self.dimension = 3

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: EmbeddingsServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        self.server.keys.append(self.headers["Authorization"])
        status = self.server.failing.pop(0) if self.server.failing else 200
        vectors = [
            {"index": i, "embedding": [float(len(text)), *[1.0] * (self.server.dimension - 1)]}
            for i, text in enumerate(body["input"])
        ]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps({"data": vectors[::-1]}).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def embeddings_server() -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
