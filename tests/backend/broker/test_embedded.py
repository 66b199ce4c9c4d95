"""The embedded broker: a real Valkey in a temporary folder."""

import asyncio
import fcntl
import gc
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest
import uvloop
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.broker import embedded
from backend.broker.embedded import EmbeddedBroker, EmbeddedSettings, embedded_broker, find_binary, socket_url
from backend.core.errors import BrokerFailed, BrokerLocked
from tests.backend.gateway_process import broker_of
from tests.helpers.logs import capture_logs
from tests.helpers.processes import gone
from tests.helpers.tmpfs import fill, read_only, small_disk
from tests.helpers.waiting import wait_until

OWNER = """
import asyncio, sys
from pathlib import Path
from backend.broker.embedded import EmbeddedSettings, embedded_broker

async def main():
    async with embedded_broker(EmbeddedSettings(Path(sys.argv[1]), Path(sys.argv[2]))):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""

LOADING = """#!{python}
import os, socket, sys, time
path = sys.argv[sys.argv.index("--unixsocket") + 1]
with socket.socket(socket.AF_UNIX) as server:
    server.bind(path)
    server.listen()
    for _ in range(60):  # longer than the deadline for a silent server
        asking, _ = server.accept()
        asking.sendall(b"-LOADING the dataset\\r\\n")
        asking.close()
os.unlink(path)
os.execv("{binary}", ["{binary}", *sys.argv[1:]])
"""


@pytest.fixture
def settings() -> Iterator[EmbeddedSettings]:
    with TemporaryDirectory(prefix="kiki-") as folder:  # pytest's own folders have names too long for a socket
        yield EmbeddedSettings(Path(folder) / "data" / "broker", Path(folder) / "run" / "broker.sock")


@asynccontextmanager
async def client(broker: EmbeddedBroker) -> AsyncIterator["Redis"]:
    async with Redis.from_url(broker.url, protocol=2, decode_responses=True) as redis:
        yield redis


async def test_broker_is_private_and_syncs_every_write(settings: EmbeddedSettings) -> None:
    async with embedded_broker(settings) as broker, client(broker) as redis:
        config: Any = await redis.config_get("*")
        assert not broker.adopted
        assert (config["appendonly"], config["appendfsync"], config["save"]) == ("yes", "always", "")
        assert (config["maxmemory"], config["maxmemory-policy"]) == (str(256 * 1024 * 1024), "noeviction")
        assert (config["client-query-buffer-limit"], config["maxmemory-clients"]) == (str(32 << 20), "25%")
        assert config["port"] == "0"
        assert settings.socket.stat().st_mode & 0o777 == 0o600
        assert settings.folder.stat().st_mode & 0o777 == 0o700
        assert settings.socket.parent.stat().st_mode & 0o777 == 0o700


async def test_clients_that_flood_after_blocking_read_leave_room_for_data(
    settings: EmbeddedSettings,
) -> None:
    waits = b"XREAD BLOCK 0 STREAMS s $\r\n"
    much = b"*2\r\n$4\r\nECHO\r\n$1000000\r\n%s\r\n" % bytes(1_000_000)

    async def flood() -> None:
        _, writer = await asyncio.open_unix_connection(settings.socket)
        with suppress(ConnectionError):
            writer.write(waits)
            for _ in range(40):
                writer.write(much)
                await writer.drain()
            raise AssertionError("nobody stopped it")

    async with embedded_broker(settings) as broker, client(broker) as redis:
        await asyncio.gather(*(flood() for _ in range(8)))
        assert await redis.set("there is", "room")
        memory: Any = await redis.info("memory")
        assert memory["used_memory"] < memory["maxmemory"] / 2


async def test_broker_ends_with_context_and_keeps_data(settings: EmbeddedSettings) -> None:
    async with embedded_broker(settings) as broker, client(broker) as redis:
        pid = broker.pid
        await redis.set("kept", "yes")
    assert pid is not None and gone(pid)
    assert not settings.socket.exists()
    async with embedded_broker(settings) as again, client(again) as redis:
        assert await redis.get("kept") == "yes"


@pytest.mark.parametrize("refusals", [0, 2])
async def test_killed_broker_restarts_with_its_data(
    settings: EmbeddedSettings, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    """Also if the system has no room for a process at first."""
    begin, left = asyncio.create_subprocess_exec, [BlockingIOError("too many processes")] * refusals

    async def begin_at_last(*words: str, **options: Any) -> asyncio.subprocess.Process:
        if left:
            raise left.pop()
        return await begin(*words, **options)

    async with embedded_broker(settings) as broker:
        async with client(broker) as redis:
            await redis.set("kept", "yes")
        killed = broker.pid
        assert killed is not None
        monkeypatch.setattr(asyncio, "create_subprocess_exec", begin_at_last)
        monkeypatch.setattr("backend.broker.embedded._RESTART_S", (0.01,))
        os.kill(killed, signal.SIGKILL)
        await wait_until(lambda: broker.pid not in (None, killed), "another server")
        async with client(broker) as redis:
            assert await wait_until(lambda: _unless_starting(redis.get("kept")), "the data") == "yes"
        assert not left


async def _unless_starting(asked: Awaitable[Any]) -> Any:
    """Return the broker's answer, or ``None`` while it starts."""
    try:
        return await asked
    except OSError:
        return None
    except Exception as error:  # noqa: BLE001 - redis-py's own errors: it still starts
        assert "Connection" in type(error).__name__ or "Loading" in type(error).__name__, error
        return None


async def test_broker_whose_socket_was_removed_is_reached_again_with_its_data(
    settings: EmbeddedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.broker.embedded._THERE_S", 0.05)
    async with embedded_broker(settings) as broker:
        async with client(broker) as redis:
            await redis.set("kept", "yes")
        shutil.rmtree(settings.socket.parent)
        await wait_until(broker._answers, "it listens again")
        async with client(broker) as redis:
            assert await wait_until(lambda: _unless_starting(redis.get("kept")), "the data") == "yes"


def test_waiting_for_a_running_server_needs_no_more_memory_with_time(
    settings: EmbeddedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvloop, as gateways use it, keeps the future of each wait for a process until the process ends."""
    monkeypatch.setattr("backend.broker.embedded._THERE_S", 0.001)

    def futures() -> int:
        gc.collect()
        return sum(isinstance(known, asyncio.Future) for known in gc.get_objects())

    async def grown() -> int:
        async with embedded_broker(settings):
            before = futures()
            for _ in range(50):
                await asyncio.sleep(0.002)  # longer than a wait
            return futures() - before

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(grown()) < 10


async def test_second_gateway_adopts_broker_and_inherits_it(settings: EmbeddedSettings) -> None:
    async with embedded_broker(settings) as first:
        async with client(first) as redis:
            await redis.set("kept", "yes")
        second_context = embedded_broker(settings)
        second = await second_context.__aenter__()
        assert second.adopted and second.url == first.url
    try:
        await wait_until(lambda: not second.adopted and second.pid, "the second one owns it")
        async with client(second) as redis:
            assert await wait_until(lambda: _unless_starting(redis.get("kept")), "the data") == "yes"
    finally:
        await second_context.__aexit__(None, None, None)
    assert second.pid is None


async def test_adopted_broker_is_left_running(settings: EmbeddedSettings) -> None:
    async with embedded_broker(settings) as first:
        async with embedded_broker(settings):
            pass
        async with client(first) as redis:
            assert await redis.ping()


async def test_folder_with_unresponsive_broker_is_not_touched(settings: EmbeddedSettings) -> None:
    settings.folder.mkdir(parents=True)
    quick = EmbeddedSettings(settings.folder, settings.socket, ready_s=0.3)
    with (settings.folder / "broker.lock").open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BrokerLocked, match="in use by process 4711"):
            async with embedded_broker(quick):
                pass
    assert not settings.socket.exists()


async def test_broker_ends_when_its_owner_is_killed(settings: EmbeddedSettings) -> None:
    arguments = ("-c", OWNER, str(settings.folder), str(settings.socket))
    owner = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert owner.stdout is not None
    try:
        while await owner.stdout.readline() != b"ready\n":
            assert owner.returncode is None
        server = broker_of(owner.pid)
    finally:
        owner.kill()
        await owner.wait()
    await wait_until(lambda: gone(server), "the server ends")
    async with embedded_broker(settings) as broker:
        assert not broker.adopted


async def test_server_holds_lock_while_it_lives(settings: EmbeddedSettings) -> None:
    """The server has the lock's file open, in case it outlives its owner."""
    async with embedded_broker(settings) as broker:
        files = psutil.Process(broker.pid).open_files()
        assert str(settings.folder / "broker.lock") in {file.path for file in files}
        with (settings.folder / "broker.lock").open() as again, pytest.raises(BlockingIOError):
            fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)


async def test_server_that_ends_at_once_is_an_error(settings: EmbeddedSettings) -> None:
    with pytest.raises(BrokerFailed, match="ended at once"):
        async with embedded_broker(EmbeddedSettings(settings.folder, settings.socket, binary="/bin/false")):
            pass
    async with embedded_broker(settings):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: limits of another process")
async def test_server_whose_file_may_not_grow_says_what_to_do(settings: EmbeddedSettings) -> None:
    with capture_logs() as logs:
        await _end_by_a_write(settings, logs)
    (reason,) = [one["reason"] for one in logs if one["event"] == "broker.died"]
    assert "may not grow: allow more (a quota, or ulimit -f)" in reason


async def _end_by_a_write(settings: EmbeddedSettings, logs: list[dict[str, Any]]) -> None:
    """Forbid the server to enlarge its file, and write until it has ended."""
    async with embedded_broker(settings) as broker:
        assert broker.pid is not None
        server = psutil.Process(broker.pid)
        server.rlimit(psutil.RLIMIT_FSIZE, (10_000, 10_000))
        async with client(broker) as redis:
            with suppress(RedisError):
                await redis.set("x", "y" * 20_000)
        await wait_until(lambda: any(one["event"] == "broker.died" for one in logs), "the server has ended")


async def test_server_killed_during_start_is_started_again(settings: EmbeddedSettings, tmp_path: Path) -> None:
    once = tmp_path / "once.sh"
    once.write_text(
        f'#!/bin/sh\n[ -e {tmp_path}/died ] && exec {find_binary()} "$@"\n: >{tmp_path}/died\nkill -9 $$\n'
    )
    once.chmod(0o700)
    async with embedded_broker(EmbeddedSettings(settings.folder, settings.socket, binary=str(once))) as broker:
        assert (tmp_path / "died").exists() and broker.pid is not None


async def test_unresponsive_server_is_ended_before_next_start(settings: EmbeddedSettings, tmp_path: Path) -> None:
    """Two servers on one folder would destroy its data."""
    slow = tmp_path / "slow.sh"
    slow.write_text(
        f'#!/bin/sh\n[ -e {tmp_path}/pid ] && exec {find_binary()} "$@"\necho $$ >{tmp_path}/pid\nexec sleep 600\n'
    )
    slow.chmod(0o700)
    quick = EmbeddedSettings(settings.folder, settings.socket, binary=str(slow), ready_s=2.0)
    async with embedded_broker(quick) as broker:
        first = int((tmp_path / "pid").read_text())
        assert broker.pid != first and gone(first)


async def test_loading_server_gets_more_time(settings: EmbeddedSettings, tmp_path: Path) -> None:
    loading = tmp_path / "loading.py"
    loading.write_text(LOADING.format(python=sys.executable, binary=find_binary()))
    loading.chmod(0o700)
    quick = EmbeddedSettings(settings.folder, settings.socket, binary=str(loading), ready_s=2.0)
    async with embedded_broker(quick) as broker, client(broker) as redis:
        assert await redis.ping()


async def test_full_disk_is_named_in_error(settings: EmbeddedSettings) -> None:
    with small_disk(settings.folder) as disk:
        fill(disk)
        assert embedded.trouble_of_disk(disk) == "disk"
        with pytest.raises(BrokerFailed, match=f"the disk is full: make room in {disk}"):
            async with embedded_broker(settings):
                pass
    assert embedded.trouble_of_disk(settings.folder) == embedded.trouble_of_disk(settings.folder / "none") == ""


@pytest.mark.parametrize("damage", ["zeros at its end", "a damaged manifest"])
async def test_damaged_file_is_set_aside_and_broker_starts(settings: EmbeddedSettings, damage: str) -> None:
    async with embedded_broker(settings) as broker, client(broker) as redis:
        await redis.set("was", "there")
    files = settings.folder / "appendonlydir"
    (aof,) = files.glob("*.incr.aof")
    if damage == "zeros at its end":
        aof.write_bytes(aof.read_bytes() + bytes(4096))
    else:
        (files / "appendonly.aof.manifest").write_text("garbage\n")
    async with embedded_broker(settings) as broker, client(broker) as redis:
        assert await redis.set("can be", "used")
    assert (settings.folder / "appendonlydir.damaged").exists()


async def test_running_broker_with_damaged_file_is_there_again(settings: EmbeddedSettings) -> None:
    async with embedded_broker(settings) as broker:
        (aof,) = (settings.folder / "appendonlydir").glob("*.incr.aof")
        with aof.open("ab") as file:
            file.write(bytes(4096))
        killed = broker.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await wait_until(lambda: (settings.folder / "appendonlydir.damaged").exists(), "the damaged file")
        async with client(broker) as redis:
            await wait_until(lambda: _unless_starting(redis.set("can be", "used")), "a broker that works")


async def test_broker_continues_in_memory_while_its_disk_is_read_only(settings: EmbeddedSettings) -> None:
    async with embedded_broker(settings) as broker, client(broker) as redis:
        await redis.set("before", "kept")
        os.truncate(settings.folder / "broker.log", 6 * 1024 * 1024)  # so large that it is rotated at a start

        async def is_replaced(pid: int | None) -> bool:
            with suppress(RedisError):
                return broker.pid != pid and bool(await redis.ping())
            return False

        with read_only(settings.folder):
            first = broker.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            await wait_until(lambda: is_replaced(first), "it is there again")
            second = broker.pid
            await redis.set("meanwhile", "in memory")
            assert await redis.get("meanwhile") == "in memory"
        await wait_until(lambda: is_replaced(second), "it uses its disk again")
        assert await redis.get("before") == "kept"


async def test_too_long_socket_path_is_an_error(settings: EmbeddedSettings) -> None:
    with pytest.raises(BrokerFailed, match="--redis"):
        async with embedded_broker(EmbeddedSettings(settings.folder, settings.folder / ("x" * 100))):
            pass


async def test_windows_has_no_broker_and_says_what_to_do(
    settings: EmbeddedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(BrokerFailed, match=r"another computer's gateway.*gateway\.toml"):
        async with embedded_broker(settings):
            pytest.fail("no broker is started")
    assert not settings.folder.exists()


async def test_large_log_is_rotated_at_start(settings: EmbeddedSettings) -> None:
    settings.folder.mkdir(parents=True)
    log_file = settings.folder / "broker.log"
    log_file.write_bytes(b"x" * (6 * 1024 * 1024))
    async with embedded_broker(settings):
        assert log_file.stat().st_size < 1024 * 1024


def test_server_binary_and_socket_url_are_found() -> None:
    assert os.access(find_binary(), os.X_OK)
    assert socket_url(Path("/a b/c")) == "unix:///a%20b/c"
