"""Real HTTP server on loopback that serves files and can misbehave."""

import re
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


@dataclass
class Served:
    """File and how it is served. ``cuts``: where the next answers break off, as positions in the file."""

    data: bytes
    tag: str = '"one"'
    changed: str = ""
    statuses: deque[int] = field(default_factory=deque)
    cuts: deque[int] = field(default_factory=deque)
    headers: dict[str, str] = field(default_factory=dict)
    tells_size: bool = True
    honours_if_range: bool = True
    redirect: str = ""
    silent: bool = False
    hold_at: int | None = None
    drip_s: float = 0.0


@dataclass(frozen=True)
class Asked:
    """Request that the server received."""

    path: str
    range: str
    if_range: str

    @property
    def is_probe(self) -> bool:
        """True if only the first byte was requested."""
        return self.range == "bytes=0-0"


class FileServer(ThreadingHTTPServer):
    """File server. ``files``: path -> file. ``release`` lets silent or held answers continue."""

    daemon_threads = False
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, Served] = {}
        self.asked: list[Asked] = []
        self.release = threading.Event()

    @property
    def url(self) -> str:
        """Base address of the server."""
        return f"http://127.0.0.1:{self.server_port}"

    def downloads(self, path: str) -> list[Asked]:
        """Return the requests for ``path`` that are not probes."""
        return [asked for asked in self.asked if asked.path == path and not asked.is_probe]

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: FileServer
    wbufsize: ClassVar[int] = 0

    def do_GET(self) -> None:
        asked = Asked(self.path, self.headers.get("Range", ""), self.headers.get("If-Range", ""))
        self.server.asked.append(asked)
        file = self.server.files.get(self.path)
        if file is None:
            return self.send_error(404)
        if file.silent:
            self.server.release.wait()
        elif file.redirect:
            self.send_response(302)
            self.send_header("Location", file.redirect)
            self.end_headers()
        elif file.statuses and not asked.is_probe:
            self._refuse(file)
        else:
            self._serve(file, asked)

    def _refuse(self, file: Served) -> None:
        self.send_response(file.statuses.popleft())
        for name, value in file.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _serve(self, file: Served, asked: Asked) -> None:
        start, end = self._begin(file, asked)
        if asked.is_probe:
            end = start + 1
        elif file.cuts:
            end = min(end, file.cuts.popleft())
        if file.hold_at is not None and not asked.is_probe and start <= file.hold_at:
            self.wfile.write(file.data[start : file.hold_at])
            self.server.release.wait()
            start = file.hold_at
        if file.drip_s:
            for place in range(start, end):
                self.wfile.write(file.data[place : place + 1])
                self.server.release.wait(file.drip_s)
            return
        self.wfile.write(file.data[start:end])

    def _begin(self, file: Served, asked: Asked) -> tuple[int, int]:
        """Send the head of the answer; return the byte range of its body."""
        size = len(file.data)
        found = re.fullmatch(r"bytes=(\d+)-(?:\d+)?", asked.range)
        same = not asked.if_range or asked.if_range == file.tag or not file.honours_if_range
        start = int(found[1]) if found and same else 0
        self.send_response(206 if found and same else 200)
        if found and same:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if file.tells_size:
            self.send_header("Content-Length", str(size - start))
        if file.tag:
            self.send_header("ETag", file.tag)
        if file.changed:
            self.send_header("Last-Modified", file.changed)
        for name, value in file.headers.items():
            self.send_header(name, value)
        self.end_headers()
        return start, size

    def log_message(self, format: str, *args: Any) -> None:
        """Suppress the log of requests."""


@contextmanager
def file_server() -> Iterator[FileServer]:
    """Run a server until the context ends, which also ends held answers."""
    with FileServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="file server")
        thread.start()
        try:
            yield server
        finally:
            server.release.set()
            server.shutdown()
            thread.join()
