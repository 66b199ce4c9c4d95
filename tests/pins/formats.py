"""Pins of formats that other programs and later versions read, without names of modules and classes."""

import inspect
import json
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np

import protocol
from app.control.server import Request as ControlRequest
from app.files.result_store import RecognisedSegment, RecordingIdentity
from app.gateways.store import PairedGateway
from app.journal.events import Cutting, Event, Reran
from app.journal.journal import Journal
from app.settings.schema import Setting, all_settings
from backend.broker import scripts as gateway_scripts
from backend.configuration import Configuration
from backend.devices.records import Device, Revoked
from backend.rest.openapi import document
from protocol.errors import ErrorCode
from protocol.job import Ended, EndState, Job, JobKind, Keys, Notice, encode_job
from protocol.recognition import Options
from protocol.session import ClientMessage, Failed, GatewayMessage, Queued, SegmentDetails
from protocol.session import Final as FinalText
from runtime import loggers as all_loggers
from worker.broker import scripts as worker_scripts
from worker.supervision.engine_frames import Reply, Request

_WORDING: Final = frozenset({"title", "description", "examples"})
_REFERENCE: Final = "#/$defs/{name}"
_ID: Final = UUID(int=5)
_OPTIONS: Final = Options(language="zh", hotwords=("蓝莓",), priority="bulk")

_GROUPS: Final[Mapping[str, tuple[Any, ...]]] = {
    "a client to a gateway": (ClientMessage,),
    "a gateway to a client": (GatewayMessage,),
    "a worker to a gateway": (Notice,),
    "a worker to its engine": (Request,),
    "an engine to its worker": (Reply,),
    "a command to the app": (ControlRequest,),
    "lines of a journal": (Event,),
    "stored by the app": (PairedGateway, RecordingIdentity, RecognisedSegment),
    "stored by a gateway": (Device, Revoked),
    "gateway.toml": (Configuration,),
}


def shapes() -> str:
    """Return the JSON schema of every type that crosses a process or lies on a disk: one line each."""
    groups = {"protocol": tuple(_structs()), **_GROUPS}
    return "\n".join(f"[{name}]\n{_lines(sorted(set(_shapes(types))))}" for name, types in groups.items())


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(protocol.__path__, "protocol."):
        yield import_module(info.name)


def _structs() -> Iterator[type[msgspec.Struct]]:
    for module in _modules():
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct:
                yield kind


def _shapes(types: Iterable[Any]) -> Iterator[str]:
    """A union yields a line for each of its members."""
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    for schema in schemas:
        for one in schema.get("anyOf", [schema]):
            yield json.dumps(_inlined(one, components), ensure_ascii=False)


def _inlined(schema: Any, components: Mapping[str, Any]) -> Any:
    match schema:
        case {"$ref": str(name)}:
            return _inlined(components[name.rpartition("/")[2]], components)
        case {"properties": dict(properties), **rest}:
            inside = {name: _inlined(of, components) for name, of in properties.items()}
            return _inlined(rest, components) | {"properties": inside}
        case dict():
            kept = {key: value for key, value in schema.items() if key not in _WORDING | {"discriminator"}}
            return {key: _inlined(value, components) for key, value in kept.items()}
        case list():
            return [_inlined(one, components) for one in schema]
    return schema


def constants() -> str:
    """Return every public number and text of ``protocol``: paths, keys, limits, names of headers."""
    found = {
        f"{name} = {value!r}"
        for module in _modules()
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and name != "NOT_JSON"  # a tuple of classes
    }
    return _lines(sorted(found))


def broker() -> str:
    """Return the names of keys and of stream fields, and values that scripts take apart."""
    keys = Keys(3)
    names = [keys.jobs("bulk"), keys.jobs("interactive", "m"), keys.partials(), keys.partials("m")]
    names += [keys.session("s"), keys.results("g"), keys.results_prefix, keys.dead, keys.sweep]
    names += [*keys.history_keys, keys.offered, keys.backlog]
    job = Job("s", 7, b"\x01\x00", 1, 2, JobKind.SPECULATE, _OPTIONS)
    entry = [f"{field} = {value!r}" for field, value in encode_job(job).items()]
    ends = [str(Ended(state, 3)) for state in EndState]
    return _lines([*sorted(names), *entry, *ends, worker_scripts.RETURNED])


def scripts() -> str:
    """Return the digest of every Lua script as a broker knows it."""
    loaded = {f"worker {name}": text.encode() for name, text in worker_scripts.load_scripts().items()}
    loaded |= {f"gateway {name}": script.source for name, script in gateway_scripts.load_scripts().items()}
    found = [f"{name} {sha256(source).hexdigest()}" for name, source in loaded.items()]
    return _lines(sorted(found))


def journal() -> str:
    """Return the files of a take in which everything happened once, with all of its lines."""
    with TemporaryDirectory() as root:
        with Journal.create(Path(root), _ID, _OPTIONS, 7.0, Cutting("toggle")) as take:
            _speak(take)
        files = sorted(path for path in Path(root).rglob("*") if path.is_file())
        found = [f"{path.relative_to(root)} {path.stat().st_mode & 0o777:o}" for path in files]
        audio = next(path for path in files if path.suffix == ".pcm16")
        lines = next(path for path in files if path.suffix == ".jsonl")
        found += [f"audio {sha256(audio.read_bytes()).hexdigest()}", *lines.read_text().splitlines()]
    return _lines(found)


def _speak(take: Journal) -> None:
    take.append(np.arange(960, dtype=np.int16))
    for segment in range(4):
        take.begin(segment, segment * 160)
        take.end(segment, 160)
    take.set_wanted(inserted=True)
    take.record_queued(Queued(0, 5, 100))
    take.settle(0, FinalText(0, "早上好"), rewritten="Good morning")
    take.inserting(0)
    take.record_inserted(0)
    take.settle(1, Failed(1, ErrorCode.ENGINE_DIED, "three times"))
    take.settle(2, None)
    take.recut(3)
    take.record_dismissed(0)
    take.cancel()
    take.edit("no")
    take.reran(Reran("1970-01-01T00:00:09+00:00", _OPTIONS, True, "m", "text", 1))
    take.begin(4, 0, SegmentDetails(replaces=(0, 1)))
    take.end(4, 320)
    take.choose(4, accepted=False)
    take.record_repair()
    take.finish()


def settings() -> str:
    """Return the name, type and default of each setting of the app, and those of each table in a list."""
    return _lines([line for setting in all_settings().values() for line in _setting(setting)])


def _setting(setting: Setting) -> Iterator[str]:
    if setting.row is None:
        kind = ", ".join(setting.choices) or type(setting.default).__name__
        yield f"{setting.name} ({kind}) = {json.dumps(setting.default)}"
        return
    yield f"{setting.name} (tables)"
    yield from (f"{setting.name}[].{column.name}" for column in fields(setting.row))


def loggers() -> str:
    """Return the names under which lines stand in logs."""
    return _lines(sorted(logger.name for name, logger in vars(all_loggers).items() if name.isupper()))


def openapi() -> str:
    """Return the document that a gateway serves, but for its version and what is wording."""
    said = document()
    said["info"].pop("version")
    return json.dumps(_unworded(said), ensure_ascii=False, indent=1) + "\n"


def _unworded(part: Any) -> Any:
    match part:
        case dict():
            names = (name for name, value in part.items() if name != "example" and not _is_wording(name, value))
            return {name: _unworded(part[name]) for name in names}
        case list():
            return [_unworded(one) for one in part]
    return part


def _is_wording(name: str, value: Any) -> bool:
    return name in {"description", "summary"} and isinstance(value, str)  # a property may have such a name


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
