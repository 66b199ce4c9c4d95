"""``kikipounamu-gateway queues``: entries are listed with the names of keys, and removed by hand."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.broker.queues import StreamEntry
from backend.cli.main import app
from backend.cli.queue_commands import Filter, find_session
from backend.core.errors import InvalidSettings
from backend.core.keys import owner_of
from backend.devices.discovery import own_key
from backend.devices.records import DEVICES_FILE, DeviceStore
from protocol.devices import DeviceKind
from protocol.job import Job, Keys
from protocol.recognition import Options
from tests.backend.broker_setting import Setting, on
from tests.helpers.previous_home import previous_home
from tests.helpers.valkey import Broker, running_broker

SECOND = 16_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path


async def command(broker: Broker, home: Path, *arguments: str, stdin: str = "") -> Any:
    """Run a command in a thread, because it has its own event loop."""
    run = CliRunner(env={"KIKIPOUNAMU_HOME": str(home), "KIKIPOUNAMU_REDIS": broker.url, "KIKIPOUNAMU_KEY": ""})
    return await asyncio.to_thread(run.invoke, app, ["queues", *arguments], input=stdin)


async def fill(at: Setting, home: Path) -> None:
    """Queue jobs of the owner, of a device, of an unknown key, and of a session that is gone."""
    device, _ = DeviceStore(home / "data" / DEVICES_FILE).add("the laptop", DeviceKind.CLIENT, 1.0)
    owners = {"a": owner_of(own_key(home / "data")), "b": device.owner, "c": "f" * 32, "d": "gone"}
    for session, owner in owners.items():
        await at.jobs.attach(session, owner, resume=False)
        options = Options(priority="bulk", model="m") if session == "b" else Options()
        for n in range(2):
            await at.jobs.submit(Job(session, n, bytes(2 * SECOND), SECOND, options=options))
    await at.redis.delete(Keys().session("d"))


async def test_list_shows_names_of_keys_and_never_the_keys(broker: Broker, home: Path) -> None:
    async with on(broker) as at:
        assert (await command(broker, home, "list")).output == "nothing waits\n"
        await fill(at, home)
    shown = await command(broker, home, "list")
    assert shown.exit_code == 0
    lines = [line.split("  ") for line in shown.output.splitlines()]
    names = [next(part for part in line[1:] if part.strip() not in ("", "any", "m")).strip() for line in lines]
    assert sorted(names[1:]) == ["(its session is gone)", "owner", "the laptop", "unknown key ffffffff"]
    assert own_key(home / "data") not in shown.output
    listed = json.loads((await command(broker, home, "list", "--json")).output)
    (laptop,) = (line for line in listed if line["key"] == "the laptop")
    assert (laptop["class"], laptop["model"], laptop["entries"], laptop["audio_s"]) == ("bulk", "m", 2, 2.0)
    assert laptop["bytes"] > 64_000 and laptop["oldest_s"] >= laptop["newest_s"] >= 0


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        (("--device", "the laptop"), 6),
        (("--device", "owner"), 6),
        (("--model", "m"), 6),
        (("--stream", "interactive:any"), 2),
        (("--session", "c"), 6),
        (("--session", "c", "--model", "m"), 8),
    ],
)
async def test_drop_removes_entries_that_match_all_options(
    broker: Broker, home: Path, chosen: tuple[str, ...], left: int
) -> None:
    async with on(broker) as at:
        await fill(at, home)
        dropped = await command(broker, home, "drop", *chosen, "--yes", "--json")
        assert dropped.exit_code == 0, dropped.output
        assert json.loads(dropped.output)["entries"] == 8 - left
        both = await at.entries() + await at.entries(Keys().jobs("bulk", "m"))
        assert both == left
        assert await at.backlog() + await at.backlog(Keys().jobs("bulk", "m")) == left * SECOND


async def test_drop_asks_for_confirmation(broker: Broker, home: Path) -> None:
    async with on(broker) as at:
        await fill(at, home)
        for answer in ("n\n", ""):
            declined = await command(broker, home, "drop", "--session", "a", stdin=answer)
            assert declined.exit_code == 1 and "2 entries" in declined.output
        assert await at.entries() == 6
        agreed = await command(broker, home, "drop", "--session", "a", stdin="y\n")
        assert agreed.exit_code == 0 and "removed 2 entries, 2.0 s" in agreed.output
        assert await at.entries() == 4


async def test_drop_refuses_mistyped_stream_and_names_existing_ones(broker: Broker, home: Path) -> None:
    async with on(broker) as at:
        await fill(at, home)
        refused = await command(broker, home, "drop", "--stream", "bulk:n", "--yes")
        assert refused.exit_code == 2 and "removed" not in refused.output
        assert "bulk:n: name one of bulk:m, interactive:any, partials:any, partials:m" in refused.output
        assert await at.entries() == 6
        for entries in (2, 0):  # the second time the stream is known, and empty
            dropped = await command(broker, home, "drop", "--stream", Keys().jobs("bulk", "m"), "--yes")
            assert dropped.exit_code == 0 and f"removed {entries} entries" in dropped.output


async def test_drop_refuses_mistyped_model_and_names_existing_ones(broker: Broker, home: Path) -> None:
    async with on(broker) as at:
        await fill(at, home)
        await at.redis.hset(Keys().offered, "offered", str(int(1000 * time.time())))
        refused = await command(broker, home, "drop", "--model", "n", "--yes")
        assert refused.exit_code == 2 and "removed" not in refused.output
        assert "no queue is for the model n: name one of any, m, offered" in refused.output
        assert await at.entries() == 6
        for model, entries in (("m", 2), ("m", 0), ("offered", 0)):
            dropped = await command(broker, home, "drop", "--model", model, "--yes")
            assert dropped.exit_code == 0 and f"removed {entries} entries" in dropped.output


async def test_exit_status_reports_kind_of_error(
    broker: Broker, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await command(broker, home, "drop")).exit_code == 2
    assert (await command(broker, home, "drop", "--device", "nobody")).exit_code == 1
    assert (await command(broker, home, "drop", "--session", "nobody", "--yes")).exit_code == 0
    monkeypatch.setattr("backend.broker.layout.CONNECT_S", 0.1)
    away = await command(broker, home, "list", "--redis", "redis://127.0.0.1:1")
    assert away.exit_code == 1 and "is it running" in away.output


def test_filter_accepts_full_stream_name() -> None:
    entry = StreamEntry(Keys().jobs("bulk", "m"), "1-0", "s", 0, 0, 1, 1, "o", 0)
    assert Filter(Keys().jobs("bulk", "m"), "", "", "").fits(entry)
    assert Filter("bulk:m", "m", "o", "s").fits(entry)
    assert not Filter("bulk:n", "", "", "").fits(entry)


def test_session_is_found_by_beginning_of_its_id() -> None:
    queued = [StreamEntry("s", "1-0", name, 0, 0, 1, 1, "o", 0) for name in ("abc", "abcd", "abd", "b", "b")]
    assert [find_session(start, queued) for start in ("", "b", "abd", "abc", "c")] == ["", "b", "abd", "abc", "c"]
    with pytest.raises(InvalidSettings, match="abc, abcd, abd"):
        find_session("a", queued)


async def test_entries_of_previous_version_are_listed_and_dropped(tmp_path: Path) -> None:
    home = previous_home(tmp_path / "home")
    with running_broker(None, "--dir", str(home / "data" / "broker"), "--appendonly", "yes") as broker:
        listed = json.loads((await command(broker, home, "list", "--json")).output)
        assert [line["key"] for line in listed] == ["owner"] and listed[0]["entries"] > 0
        dropped = await command(broker, home, "drop", "--device", "owner", "--yes")
        assert dropped.exit_code == 0
        assert (await command(broker, home, "list")).output == "nothing waits\n"
