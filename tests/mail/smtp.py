"""A mail server on this machine that speaks just enough SMTP for Django's own client."""

import contextlib
import email
import socketserver
import threading
from collections.abc import Iterator
from email.message import Message


class SmtpServer(socketserver.ThreadingTCPServer):
    """Keeps what it takes. refused: what it answers to a recipient instead of `250`;
    sender_refused: what to every sender."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, refused: dict[str, str] | None = None, sender_refused: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.refused = refused or {}
        self.sender_refused = sender_refused
        self.taken: list[Message] = []
        self.conversations = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self.server.conversations += 1
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper().split(":")[0]
            if verb == "DATA":
                self.say("354 go on")
                self.server.taken.append(email.message_from_bytes(self.message()))
                self.say("250 taken")
            elif verb == "RCPT TO":
                address = line.split("<")[1].split(">")[0]
                self.say(self.server.refused.get(address, "250 fine"))
            elif verb == "MAIL FROM" and self.server.sender_refused:
                self.say(self.server.sender_refused)
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextlib.contextmanager
def smtp_server(
    refused: dict[str, str] | None = None, sender_refused: str = ""
) -> Iterator[SmtpServer]:
    with SmtpServer(refused, sender_refused) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
