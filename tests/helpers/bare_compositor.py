"""A compositor that offers programs nothing: it only answers that it has processed their requests."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.wayland.wire import packed, split

_DISPLAY = 1
_SYNC, _DONE, _DELETE_ID = 0, 0, 1


@contextmanager
def bare_compositor(folder: Path) -> Iterator[dict[str, str]]:
    """Run the compositor, and yield the variables that lead to it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "bare"))
        listener.listen()
        thread = threading.Thread(target=_serve, args=(listener,))
        thread.start()
        try:
            yield {"XDG_RUNTIME_DIR": str(folder), "WAYLAND_DISPLAY": "bare"}
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # ends the wait for the next program
            thread.join()


def _serve(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            program, _ = listener.accept()
            with program:
                _answer(program)


def _answer(program: socket.socket) -> None:
    """Answer one program until it ends its connection."""
    rest = b""
    while data := program.recv(4096):
        requests, rest = split(rest + data)
        for request in requests:
            if (request.sender, request.opcode) == (_DISPLAY, _SYNC):
                (callback,) = struct.unpack("=I", request.body)
                program.send(packed(callback, _DONE, "u", (0,))[0])
                program.send(packed(_DISPLAY, _DELETE_ID, "u", (callback,))[0])
