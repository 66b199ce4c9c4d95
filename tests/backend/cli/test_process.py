"""Process of a gateway with several, with a test as its supervisor."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from backend.cli.serving import ServeOrder
from backend.configuration import Configuration
from backend.processes.messages import CannotRun, Message, ProcessReady, ProcessStart
from backend.processes.run import NO_DESCRIPTOR, ProcessRun
from runtime.programs import module_command
from tests.helpers.valkey import Broker


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with TemporaryDirectory(prefix="kiki-") as folder:
        monkeypatch.setenv("KIKIPOUNAMU_HOME", folder)
        yield Path(folder)


async def begin(home: Path, broker: str, order: ServeOrder) -> ProcessRun:
    """Start a process of slot 1 with this home."""
    start = ProcessStart(1, 2, order.encoded(), broker, False, "http://127.0.0.1:1", 0, str(home / "s"))
    return await ProcessRun.begin(1, module_command("backend.cli.process"), start, NO_DESCRIPTOR)


async def until(run: ProcessRun, kind: type) -> AsyncIterator[Message]:
    """Yield messages of the process up to one of this kind."""
    async for message in run.channel.messages():
        yield message
        if isinstance(message, kind):
            return


async def test_process_serves_until_it_is_asked_to_end(home: Path, broker: Broker) -> None:
    run = await begin(home, broker.url, ServeOrder(Configuration(), "k", None))
    assert [message async for message in until(run, ProcessReady)][-1] == ProcessReady()
    run.ask_to_end()
    assert await run.process.wait() == 0
    await run.release()


async def test_process_that_cannot_run_says_why(home: Path, broker: Broker) -> None:
    run = await begin(home, broker.url, ServeOrder(Configuration(), "k", home / "nowhere.toml"))
    refusal = [message async for message in until(run, CannotRun)][-1]
    assert isinstance(refusal, CannotRun) and "nowhere.toml" in refusal.reason
    assert await run.process.wait() == 1
    await run.release()
