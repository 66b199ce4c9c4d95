"""Run a man in the middle: TLS to both sides with another certificate, recording all traffic.

As a program, ADDRESS PORT FOLDER: listens at this port of all its addresses until SIGTERM, then writes the
traffic to FOLDER/heard.
"""

import asyncio
import signal
import ssl
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from backend.http.certificates import Certificate, own_certificate, server_context
from runtime.tasks import Tasks

_CHUNK = 16 * 1024


@dataclass
class ManBetween:
    """The man in the middle; ``heard``: all bytes that passed, decrypted."""

    port: int = 0
    heard: bytes = b""


@asynccontextmanager
async def man_between(
    certificate: Certificate, port: int, address: str = "127.0.0.1", at: tuple[str, int] = ("127.0.0.1", 0)
) -> AsyncIterator[ManBetween]:
    """Accept connections and forward them to the TLS server at ``port`` of ``address``."""
    man = ManBetween()
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

    async def carry(source: StreamReader, sink: StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                man.heard += data
                sink.write(data)
                await sink.drain()

    async def stand_between(reader: StreamReader, writer: StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(address, port, ssl=trusting)
        ends = {
            asyncio.create_task(carry(reader, far_writer), name="man/up"),
            asyncio.create_task(carry(far_reader, writer), name="man/down"),
        }
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            writer.transport.abort()
            far_writer.transport.abort()

    async with Tasks("man") as tasks:

        def accept(reader: StreamReader, writer: StreamWriter) -> None:
            tasks.start(stand_between(reader, writer), "between")

        server = await asyncio.start_server(accept, *at, ssl=server_context(certificate))
        async with server:
            man.port = server.sockets[0].getsockname()[1]
            yield man
    assert not tasks.failed.done(), tasks.failed.result()


async def _main(address: str, port: int, folder: Path) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with man_between(own_certificate(folder), port, address, ("0.0.0.0", port)) as man:
        await ended.wait()
        (folder / "heard").write_bytes(man.heard)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
