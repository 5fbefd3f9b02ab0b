"""Ways for a server to break what is around a completion: status, body, connection."""

import asyncio
import gzip
import json
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

PIECE = b" " * 65_536


def response(
    status: int, body: bytes, headers: str = "", content_type: str = "application/json"
) -> bytes:
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: {content_type}\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def error(status: int, message: str, code: str | None = None, headers: str = "") -> bytes:
    told = {"message": message, "type": "server_error", "param": None, "code": code}
    return response(status, json.dumps({"error": told}).encode(), headers)


async def _hang(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.read()  # until the caller hangs up


async def _hang_in_body(reader: StreamReader, writer: StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    writer.write(b'Content-Length: 1000\r\n\r\n{"id":')
    await reader.read()


async def _endless(writer: StreamWriter, head: str, piece: bytes) -> None:
    writer.write(f"HTTP/1.1 {head}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    while not writer.is_closing():
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        await writer.drain()


async def _endless_body(reader: StreamReader, writer: StreamWriter) -> None:
    await _endless(writer, "200 OK\r\nContent-Type: application/json", PIECE)


async def _endless_error(reader: StreamReader, writer: StreamWriter) -> None:
    await _endless(writer, "500 Broken\r\nContent-Type: application/json", PIECE)


async def _endless_stream(reader: StreamReader, writer: StreamWriter) -> None:
    event = b'data: {"choices":[{"delta":{"content":"on and on"}}]}\n\n' * 100
    await _endless(writer, "200 OK\r\nContent-Type: text/event-stream", event)


async def _drip(reader: StreamReader, writer: StreamWriter) -> None:
    """Byte by byte, each in time for who waits for the next one only."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _reset(reader: StreamReader, writer: StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _cut_off(reader: StreamReader, writer: StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    writer.write(b'Content-Length: 1000\r\n\r\n{"id":')
    await writer.drain()


async def _bomb(reader: StreamReader, writer: StreamWriter) -> None:
    packed = gzip.compress(b" " * 5_000_000)
    writer.write(response(200, packed, "Content-Encoding: gzip\r\n"))


def _says(answer: bytes) -> "Spoiler":
    async def say(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(answer)

    return say


async def _429_with_a_date(reader: StreamReader, writer: StreamWriter) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    writer.write(error(429, "Rate limit reached", headers=f"Retry-After: {date}\r\n"))


Spoiler = Callable[[StreamReader, StreamWriter], Awaitable[None]]
BROKEN: dict[str, Spoiler] = {
    "hang": _hang,
    "hang-in-body": _hang_in_body,
    "endless-body": _endless_body,
    "endless-error": _endless_error,
    "endless-stream": _endless_stream,
    "drip": _drip,
    "reset": _reset,
    "cut-off": _cut_off,
    "bomb": _bomb,
    "429": _says(error(429, "Rate limit reached", "rate_limit_exceeded", "Retry-After: 1\r\n")),
    "429-date": _429_with_a_date,
    "429-silent": _says(error(429, "Rate limit reached", "rate_limit_exceeded")),
    "429-for-ever": _says(error(429, "Slow down", headers="Retry-After: 999999999\r\n")),
    "quota": _says(error(429, "You exceeded your current quota", "insufficient_quota")),
    "400": _says(error(400, "Unsupported: response_format json_schema")),
    "400-limit": _says(error(400, "Unsupported parameter: 'max_tokens'")),
    "401": _says(error(401, "Incorrect API key provided: sk-secret", "invalid_api_key")),
    "404": _says(error(404, "The model does not exist", "model_not_found")),
    "500": _says(error(500, "The server had an error")),
    "503": _says(error(503, "Overloaded", headers="Retry-After: 1\r\n")),
    "not-json": _says(response(200, b"<html><body>Log in</body></html>", "", "text/html")),
    "not-json-said": _says(response(200, b"<html>")),
    "not-completion": _says(response(200, b'{"hello": [1, 2]}')),
    "echo": _says(response(200, b'{"headers": {"authorization": "Bearer sk-secret"}}')),
    "echo-late": _says(response(200, b'{"padding": "%s sk-secret"}' % (b"-" * 101))),
    "nested": _says(response(200, b"[" * 100_000)),
    "error-as-200": _says(response(200, b'{"error": {"message": "No provider"}}')),
    "redirect": _says(response(307, b"", "Location: /elsewhere\r\n")),
}
