"""The ``kikipounamu-gateway queues`` commands: list and remove entries in the broker."""

import os
from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

import msgspec
import typer
from msgspec import Struct

from backend.broker.jobs import Jobs
from backend.broker.queues import KeyQueue, Queues, StreamEntry, split, sum_by_key
from backend.cli.broker_access import Config, Redis, with_jobs
from backend.core.errors import InvalidSettings
from backend.core.keys import owner_of
from backend.devices.discovery import KEY_FILE
from backend.devices.records import DEVICES_FILE, DeviceStore, find
from protocol.audio import samples_to_seconds
from protocol.devices import clean_name
from protocol.errors import ErrorCode
from runtime.command_line import AsJson, group
from runtime.folders import folders
from runtime.terminal import say
from runtime.whole_file import read_regular

queues = group("Show and manage the queues of the broker.")

_SHOWN: Final = 8
_NO_SESSION: Final = "(its session is gone)"
_REMOVED: Final = "the owner of the gateway removed this from the queue: send it again if it is still wanted"


class QueueSummary(Struct, frozen=True):
    """Sum of one key's entries in one stream, as JSON. ``key``: its name. Ages in seconds."""

    priority: str = msgspec.field(name="class")
    model: str
    key: str
    entries: int
    audio_s: float
    bytes: int
    oldest_s: float
    newest_s: float


class Filter(NamedTuple):
    """Filter of entries: all given fields must match."""

    stream: str
    model: str
    owner: str
    session: str

    def fits(self, entry: StreamEntry) -> bool:
        """Return whether an entry matches all given fields."""
        names = "", entry.stream, _short_name(entry.stream)
        same_model = self.model in ("", entry.model)
        same_owner, same_session = self.owner in ("", entry.owner), self.session in ("", entry.session)
        return self.stream in names and same_model and same_owner and same_session


@queues.command("list")
def list_queues(redis: Redis = "", config: Config = None, as_json: AsJson = False) -> None:
    """List number, audio, size and ages (oldest, newest) of queued entries by class, model and key."""

    async def show(jobs: Jobs) -> None:
        queues = Queues(jobs)
        lines = _summaries(sum_by_key([entry async for entry in queues.entries()]))
        _print_missing(queues)
        if as_json:
            say(msgspec.json.encode(lines).decode())
        else:
            _table(lines)

    with_jobs(redis, config, show)


@queues.command("drop")
def drop_queued(  # noqa: PLR0913 - typer: an option is a parameter
    stream: Annotated[str, typer.Option(help="CLASS:MODEL from `list`, such as bulk:any.")] = "",
    model: Annotated[str, typer.Option(help="Name of a model; `any`: segments without a model.")] = "",
    device: Annotated[str, typer.Option(help="Device id, its beginning, or name; `owner`: the owner's key.")] = "",
    session: Annotated[str, typer.Option(help="Session id, or its beginning.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Skip the confirmation.")] = False,
    as_json: AsJson = False,
    redis: Redis = "",
    config: Config = None,
) -> None:
    """Remove entries that match every given option. Clients see a failure and keep their audio."""
    if not (stream or model or device or session):
        raise typer.BadParameter("say what to remove: --stream, --model, --device or --session")

    async def drop(jobs: Jobs) -> None:
        queues = Queues(jobs)
        queued = [entry async for entry in queues.entries()]
        _print_missing(queues)
        check_stream(stream, await queues.streams())
        await _check_model(model, queues)
        meant = Filter(stream, model, _owner(device), find_session(session, queued))
        found = [entry for entry in queued if meant.fits(entry)]
        if found and not yes:
            _table(_summaries(sum_by_key(found)))
            typer.confirm(f"Remove these {len(found)} entries for good?", abort=True, err=True)
        dropped = [entry for entry in found if await queues.drop(entry, ErrorCode.BUSY, _REMOVED)]
        seconds = round(samples_to_seconds(sum(entry.samples for entry in dropped)), 3)
        if as_json:
            summary = {"entries": len(dropped), "audio_s": seconds, "bytes": sum(entry.bytes for entry in dropped)}
            say(msgspec.json.encode(summary).decode())
        else:
            say(f"removed {len(dropped)} entries, {seconds:.1f} s")

    with_jobs(redis, config, drop)


def check_stream(name: str, known: Sequence[str]) -> None:
    """Raise ``InvalidSettings``, which names the existing streams, if ``name`` is none of them."""
    if name and name not in known and name not in map(_short_name, known):
        names = ", ".join(dict.fromkeys(map(_short_name, known)))
        raise InvalidSettings(f"no stream is named {name}: name one of {names}")


async def _check_model(name: str, queues: Queues) -> None:
    """Raise ``InvalidSettings``, which names the known models, if ``name`` is none of them."""
    used = {split(stream)[1] for stream in await queues.streams()}
    if name and name not in used:
        known = used.union(await queues.tidy())
        if name not in known:
            raise InvalidSettings(f"no queue is for the model {name}: name one of {', '.join(sorted(known))}")


def _short_name(stream: str) -> str:
    """Return the name of a stream as ``list`` shows it: CLASS:MODEL."""
    return ":".join(split(stream))


def find_session(start: str, queued: Sequence[StreamEntry]) -> str:
    """Return the queued session whose id begins with ``start``, else ``start``. Raises ``InvalidSettings``."""
    found = sorted({entry.session for entry in queued if start and entry.session.startswith(start)})
    if len(found) > 1 and start not in found:
        raise InvalidSettings(
            f"several sessions begin with {start}: {', '.join(found[:_SHOWN])}: give more of the id"
        )
    return found[0] if len(found) == 1 else start


def _print_missing(queues: Queues) -> None:
    for shard in queues.missing:
        say(f"shard {shard} of the broker does not answer: its queue is not included", err=True)


def _table(lines: Sequence[QueueSummary]) -> None:
    if not lines:
        say("nothing waits")
        return
    row = "{:<12} {:<20} {:<24} {:>7} {:>9} {:>10} {:>9} {:>9}"
    say(row.format("CLASS", "MODEL", "KEY", "ENTRIES", "AUDIO", "SIZE", "OLDEST", "NEWEST"))
    for one in lines:
        ages = f"{one.oldest_s:.1f} s", f"{one.newest_s:.1f} s"
        sizes = one.entries, f"{one.audio_s:.1f} s", f"{one.bytes / 1e6:.2f} MB"
        say(row.format(one.priority, clean_name(one.model), clean_name(one.key), *sizes, *ages))


def _summaries(lines: Sequence[KeyQueue]) -> list[QueueSummary]:
    names = _names()
    return [
        QueueSummary(
            line.priority,
            line.model,
            _NO_SESSION if not line.owner else names.get(line.owner, f"unknown key {line.owner[:_SHOWN]}"),
            line.entries,
            round(samples_to_seconds(line.samples), 3),
            line.bytes,
            line.oldest_s,
            line.newest_s,
        )
        for line in lines
    ]


def _names() -> dict[str, str]:
    """Return the names of this computer's gateway keys, by owner id."""
    names = {device.owner: device.name for device in DeviceStore(folders().data / DEVICES_FILE).read()}
    return names | {owner: "owner" for owner in _own()}


def _own() -> tuple[str, ...]:
    """Return the owner ids of this computer's gateway."""
    key = os.environ.get("KIKIPOUNAMU_KEY", "")
    file = folders().data / KEY_FILE
    kept = read_regular(file).decode("ascii", "replace").strip() if file.exists() else ""
    return tuple(owner_of(one) for one in (key, kept) if one)


def _owner(device: str) -> str:
    """Return the owner id of a device; empty: of any device. Raises ``InvalidSettings``."""
    if device == "owner":
        return next(iter(_own()), owner_of(""))
    return find(DeviceStore(folders().data / DEVICES_FILE).read(), device).owner if device else ""
