"""Process that stands for a gateway in tests of the supervisor; its settings say what it does.

``serve``: answer each connection with the slot, and close it. ``refuse``: end with a reason. ``file PATH``: serve
if the file exists at the start, else refuse. Its connections are those that it has answered.
"""

import asyncio
import signal
import sys
from pathlib import Path

from aiohttp import web

from backend.admission.quotas import Quota, QuotaMeter
from backend.http.tls_listener import TlsListener
from backend.observability.other_processes import Counted, ProcessReport
from backend.processes.link import ProcessLink, connect_supervisor
from backend.processes.messages import OtherProcessFigures
from runtime.whole_file import write_whole


class _Answer(asyncio.Protocol):
    def __init__(self, link: ProcessLink, meter: QuotaMeter) -> None:
        self._link, self._meter = link, meter

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._meter.request("k", 0.0)
        elsewhere = self._meter.elsewhere.of("k").requests
        transport.write(f"{self._link.start.slot} {self._meter.of('k').requests} {elsewhere}".encode())
        transport.close()


class _Runner(web.AppRunner):
    """A runner whose connections are answered by ``_Answer``."""

    def __init__(self, link: ProcessLink, meter: QuotaMeter) -> None:
        super().__init__(web.Application())
        self._link, self._meter = link, meter

    @property
    def server(self) -> web.Server | None:
        return lambda: _Answer(self._link, self._meter)  # type: ignore[return-value] # a factory of protocols


def _report(meter: QuotaMeter) -> ProcessReport:
    answered = meter.of("k").requests
    return ProcessReport(Counted(samples=answered), connections=answered)


def _write_sum(file: Path, others: OtherProcessFigures) -> None:
    counted = [others.past, *(one.counted for one in others.reports.values())]
    write_whole(file, str(sum(one.samples for one in counted)))  # a test reads it meanwhile


def _refuses(settings: str) -> bool:
    action, _, path = settings.partition(" ")
    return action == "refuse" or (action == "file" and not Path(path).exists())


async def main(descriptors: tuple[int, int, int, int]) -> int:
    """Serve until SIGTERM, or until the supervisor is gone."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with connect_supervisor(descriptors, stopping.set) as link:
        if _refuses(link.start.settings.decode()):
            link.cannot_run("it was told to refuse")
            return 1
        meter = QuotaMeter(Quota(per_minute=1, burst=1_000))
        link.count(meter, lambda: meter.of("k").requests, lambda: _report(meter))
        link.on_others = lambda others: _write_sum(Path(link.start.url), others)
        await link.listen(_Runner(link, meter), TlsListener(), None)
        link.ready()
        await stopping.wait()
    return 0


if __name__ == "__main__":
    control, plain, tls, _ = map(int, sys.argv[1:])
    sys.exit(asyncio.run(main((control, plain, tls, -1))))
