"""The other end of the wire, in a process of its own: logs a client in and sends it the stream.

`python -m bench.ami.sender STREAM` prints its port, then serves one client after the other until
its standard input ends.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path

from bench.ami.stream import END

GO = "BenchGo"
_BANNER = b"Asterisk Call Manager/13.0.0\r\n"


def serve(stream: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        while True:
            client, _ = listener.accept()
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _serve_one(client, stream)


def _serve_one(client: socket.socket, stream: bytes) -> None:
    client.sendall(_BANNER)
    buffer = b""
    while data := client.recv(65536):
        buffer += data
        *actions, buffer = buffer.split(b"\r\n\r\n")
        for action in actions:
            fields = dict(line.split(": ", 1) for line in action.decode().split("\r\n"))
            reply = f"Response: Success\r\nActionID: {fields['ActionID']}\r\nChallenge: 1\r\n\r\n"
            client.sendall(reply.encode())
            if fields["Action"] == GO:
                client.sendall(stream)
                client.sendall(END)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]).read_bytes())
