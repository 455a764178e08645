"""Receivers of messages on loopback: a webhook and a mail server, real enough to take what is sent to them."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from email import message_from_string
from http.server import BaseHTTPRequestHandler, HTTPServer

_WELL: dict[int, list[dict]] = {}


@contextmanager
def webhook(*, status: int = 200, first_status: int | None = None):
    """Take posts; give the address's port and the list of documents that came in."""
    received: list[dict] = []
    answers = [first_status] if first_status else []
    _WELL.pop(id(received), None)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            well = _WELL.get(id(received))
            (received if well is None else well).append(document)
            self.send_response(answers.pop() if answers else status if well is None else 200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with _served(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, received


@contextmanager
def answering(refused: list[dict]):
    """Let the webhook whose list this is take what is sent to it; give the list of what it takes."""
    _WELL[id(refused)] = taken = []
    try:
        yield taken
    finally:
        del _WELL[id(refused)]


@contextmanager
def mail_server():
    """Take mails without login; give the port and the list of parsed mails."""
    received: list = []

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self):
            self.say("220 here")
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].upper()
                if word == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (text := self.rfile.readline().decode()) != ".\r\n":
                        lines.append(text.removeprefix(".") if text.startswith("..") else text)
                    received.append(message_from_string("".join(lines)))
                self.say("221 bye" if word == "QUIT" else "250 ok")
                if word == "QUIT":
                    return

    with _served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, received


@contextmanager
def _served(server):
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
