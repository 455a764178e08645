"""The HTTP server: threads of the standard library, HTTP/1.0, one connection per request, as Odoo without a proxy.

`http.server` rather than an ASGI server because that is what a real Odoo looks like on the wire: the connection closes
after every answer, and a fault can close the socket at any byte.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from demo.server import json2, rpc, web
from demo.server.faults import Between, Dropped, Fault, Faults, Instead, Latency, Truncated
from demo.server.service import Service
from demo.server.wire import Call, Request, Response


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets the faults at it, sends the answer."""

    protocol_version = "HTTP/1.0"
    server_version = "DriftlineDemo/1"
    # A body in several small writes waits for the other side's acknowledgements otherwise.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Listener

    def do_POST(self) -> None:
        self._handle()

    def do_GET(self) -> None:
        self._handle()

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): content for name, content in self.headers.items()}
        path = self.path.partition("?")[0].rstrip("/") or "/"
        request = Request(self.command, path, headers, self.rfile.read(length), self.client_address[0])
        call = describe(request)
        due = self.server.faults.due(call)
        for fault in due:
            if isinstance(fault, Latency):
                time.sleep(fault.seconds)
        if any(isinstance(fault, Dropped) and fault.after_bytes is None for fault in due):
            self._hang_up()
            return
        response = next((fault.response for fault in due if isinstance(fault, Instead)), None)
        if response is None:
            response = answer(self.server.service, request, call, due)
        self._send(response, due)

    def _send(self, response: Response, due: list[Fault]) -> None:
        body, sent = response.body, None
        for fault in due:
            if isinstance(fault, Between):
                fault.callback()
            elif isinstance(fault, Truncated):
                body = body[: int(len(body) * fault.share)]
            elif isinstance(fault, Dropped):
                sent = fault.after_bytes
        self.send_response(response.status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", response.content_type)
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, content in response.headers.items():
            self.send_header(name, content)
        self.send_header("Connection", "close")
        self.end_headers()
        # Before the last byte goes: a client that has its answer may ask for the figures at once.
        self.server.count(len(body))
        self.wfile.write(body if sent is None else body[:sent])
        self.wfile.flush()
        if sent is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):  # the client may have gone first
            self.connection.shutdown(socket.SHUT_RDWR)

    def date_time_string(self, timestamp: float | None = None) -> str:
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(now + self.server.service.clock_offset_seconds)

    def log_message(self, format: str, *arguments: Any) -> None:
        if self.server.is_talkative:
            super().log_message(format, *arguments)


class Listener(ThreadingHTTPServer):
    """The listening socket with what its handlers need."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], service: Service, faults: Faults, *, is_talkative: bool) -> None:
        super().__init__(address, Handler)
        self.service = service
        self.faults = faults
        self.is_talkative = is_talkative
        self.call_count = 0
        self.byte_count = 0
        self._lock = threading.Lock()

    def count(self, size: int) -> None:
        with self._lock:
            self.call_count += 1
            self.byte_count += size

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in mid-answer is no error of the server."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def describe(request: Request) -> Call:
    """Find out what a request asks for."""
    if request.path == "/jsonrpc" and request.verb == "POST":
        return rpc.describe_json(request)
    if request.path.startswith("/xmlrpc/") and request.verb == "POST":
        return rpc.describe_xml(request)
    if request.path.startswith("/json/2"):
        return json2.describe(request)
    return web.describe(request)


def answer(service: Service, request: Request, call: Call, due: list[Fault]) -> Response:
    """Give a call to its protocol."""
    if call.protocol == "jsonrpc":
        return rpc.answer_json(service, call, due)
    if call.protocol == "xmlrpc":
        return rpc.answer_xml(service, call, due)
    if call.protocol == "json2":
        return json2.answer(service, request, call, due) if service.dialect.has_json2 else web.not_found()
    return web.answer(service, request, call, due)
