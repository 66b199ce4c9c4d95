"""Report about the state of this computer for support: a zip for review, without speech, texts or keys."""

import asyncio
import json
import time
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from app.capture.device_listing import list_microphones
from app.capture.devices import Input
from app.core.errors import AppError, Note
from app.diagnostics.report import facts
from app.diagnostics.report.licences import dependencies
from app.diagnostics.report.log_reader import logs_in, tail_of
from app.diagnostics.report.redaction import PROGRAMS, Redaction, own_modules
from app.journal.library import Library, users_library
from app.local_services import local_gateway
from app.local_services.worker_view import WorkerView
from app.settings.sections import Settings
from runtime.folders import Folders, folders
from runtime.whole_file import replacing

LOG_BYTES: Final = 1_000_000
"""Most bytes from the end of each program's log."""


class ReportNotSaved(AppError):
    """Failure to write the file of a report."""

    note = Note("report-not-saved")


@dataclass(frozen=True)
class ReportFile:
    """File of a report: its name and its content."""

    name: str
    content: bytes

    @classmethod
    def of(cls, name: str, facts: Any) -> Self:
        """Return a file with these facts as JSON."""
        return cls(name, (json.dumps(facts, ensure_ascii=False, indent=2) + "\n").encode())


@dataclass(frozen=True)
class Sources:
    """Sources of a report.

    ``worker``: this computer's worker, if the app supervises one.
    """

    settings: Settings = Settings()
    worker: WorkerView | None = None
    places: Folders = field(default_factory=folders)
    library: Library = field(default_factory=users_library)
    look: Callable[[], Awaitable[list[Input]]] = list_microphones


async def gather(sources: Sources) -> tuple[ReportFile, ...]:
    """Gather all parts in memory: a few megabytes at most."""
    inputs = await sources.look()
    endpoint = local_gateway.read_endpoint()
    readiness = await local_gateway.ask(endpoint) if endpoint else None
    workers = await local_gateway.workers(endpoint) if endpoint else ()
    found = {
        "settings.json": facts.settings(sources.settings, inputs),
        "microphones.json": facts.microphones(inputs),
        "states.json": facts.states(readiness, workers, sources.worker),
    }
    found |= await asyncio.to_thread(_blocking, sources)
    logs = await asyncio.to_thread(redacted_logs, sources.places.logs)
    return (*(ReportFile.of(name, part) for name, part in sorted(found.items())), *logs)


def _blocking(sources: Sources) -> dict[str, Any]:
    return {
        "system.json": facts.system(dependencies()),
        "models.json": facts.models(sources.places),
        "disk.json": facts.disk(sources.places),
        "recordings.json": facts.journal(sources.library, time.time()),
    }


def redacted_logs(folder: Path) -> tuple[ReportFile, ...]:
    """Return the end of each log, with only this program's own texts. Blocks."""
    redaction = Redaction(own_modules())
    found: list[ReportFile] = []
    for path in logs_in(folder):
        if path.stem in PROGRAMS:
            lines = tail_of(path, LOG_BYTES).decode(errors="replace").splitlines()
            redacted = [redaction.line(line) for line in lines]
            unread = redacted.count(None)
            kept = [line for line in redacted if line is not None]
            kept += [json.dumps({"unreadable lines": unread})] if unread else []
            found.append(ReportFile(f"logs/{path.name}", "".join(f"{line}\n" for line in kept).encode()))
    return tuple(found)


def save(parts: tuple[ReportFile, ...], place: Path) -> None:
    """Write the zip atomically and readable only by this user. Raises ``ReportNotSaved``. Blocks."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in parts:
                archive.writestr(part.name, part.content)
    except OSError as error:
        raise ReportNotSaved(f"{place} cannot be written ({error.strerror}): choose another place") from error
