"""Catalogue of models: files with size and SHA-256, licences, and download sources.

Models without pinned files have a ``Stated`` instead: the file list is requested from the hub (``installation``).
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from protocol.decoding import prepared
from speech.models.errors import CatalogueDamaged, ModelUnknown

# A path segment starts with a letter, digit or underscore: no "..", hidden file, drive or separator.
_SEGMENT: Final = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
Name = Annotated[str, Meta(pattern=rf"\A{_SEGMENT}\Z")]
FilePath = Annotated[str, Meta(pattern=rf"\A{_SEGMENT}(/{_SEGMENT})*\Z")]
Size = Annotated[int, Meta(ge=0)]
Language = Annotated[str, Meta(pattern=r"\A[a-z]{2,3}\Z")]
Percent = Annotated[float, Meta(ge=0, le=100)]
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class _Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """Base class that rejects unknown keys: a misspelt key in a catalogue is an error, not silently ignored."""


class ModelFile(_Strict, frozen=True):
    """File of a model: ``path`` within the model's folder, ``size`` in bytes."""

    path: FilePath
    size: Size
    sha256: Sha256


class ModelScope(_Strict, frozen=True, tag="modelscope", tag_field="kind"):
    """Repository on ModelScope. ``files``: our path -> the path there; empty if the hub states them."""

    repository: str
    revision: str
    files: dict[FilePath, str] = {}


class HuggingFace(_Strict, frozen=True, tag="huggingface", tag_field="kind"):
    """Repository on Hugging Face. ``files``: our path -> the path there; empty if the hub states them."""

    repository: str
    revision: str
    files: dict[FilePath, str] = {}


class LocalFolder(_Strict, frozen=True, tag="folder", tag_field="kind"):
    """Folder of this computer or a mounted share with ``MODEL/FILE``, or with the model's wheels."""

    path: str


class Wheel(_Strict, frozen=True):
    """Data wheel on the package index. ``size`` in bytes is for progress and disk space only."""

    name: Name
    version: Name
    size: Size


class Wheels(_Strict, frozen=True, tag="wheels", tag_field="kind"):
    """Set of data wheels. ``files``: our path -> members to join, each contained in one of the wheels."""

    wheels: tuple[Wheel, ...]
    files: dict[FilePath, tuple[str, ...]]


class LocalExport(_Strict, frozen=True, tag="export", tag_field="kind"):
    """Export of the installed ``model`` on this computer, by ``kikipounamu models export``."""

    model: Name


SourceEntry = ModelScope | HuggingFace | LocalFolder | Wheels | LocalExport


class Stated(_Strict, frozen=True):
    """Constraints on a file list that a hub states. ``most_bytes``: limit for all files together.

    ``wanted``: shell patterns of paths, folder by folder. Files that match no pattern are left out (no code, no
    samples). If a pattern matches no file, the list is rejected.
    """

    wanted: tuple[str, ...]
    most_bytes: Size


class Speed(_Strict, frozen=True):
    """Seconds of audio that two cores of a plain laptop recognise per second, and how this is known."""

    value: Annotated[float, Meta(gt=0)]
    source: Literal["measured", "published", "estimated"]


class ErrorRates(_Strict, frozen=True):
    """Errors on the recordings ``test``, in percent by language: of characters in Chinese, else of words.

    ``source``: who states them, on the page ``link``; our own test has none. ``original``: they apply to the model
    before it was made smaller.
    """

    rates: dict[Language, Percent]
    source: Literal["model card", "paper", "measured"]
    link: Annotated[str, Meta(pattern=r"\A(https://.*)?\Z")]
    test: str = ""
    original: bool = False


class Model(_Strict, frozen=True):
    """Model of the catalogue. ``attribution`` is the text that its licence requires; it is stored with its files.

    ``languages``: their ISO codes; empty for any. ``speed``: ``None`` if unknown. ``stated``: the hub states the
    files, and ``files`` is empty. ``for_later_engine``: it can be installed, but no engine runs it yet.
    ``errors``: for a language, the first entry that has it counts.
    """

    name: Name
    title: str
    licence: str
    attribution: str
    files: tuple[ModelFile, ...]
    sources: tuple[SourceEntry, ...]
    stated: Stated | None = None
    for_later_engine: bool = False
    languages: tuple[Language, ...] = ()
    speed: Speed | None = None
    errors: tuple[ErrorRates, ...] = ()

    def __post_init__(self) -> None:
        if self.stated is not None:
            if self.files or not self.stated.wanted or not self._states_files():
                raise ValueError(f"{self.name}: its hub states its files, so neither it nor its hub lists any")
            return
        paths = {file.path for file in self.files}
        if not paths or len(paths) != len(self.files):
            raise ValueError(f"{self.name}: no files, or one of them twice")
        for source in self.sources:
            if isinstance(source, LocalFolder | LocalExport):
                continue
            if not source.files:
                raise ValueError(f"{self.name}: a source lists no files")
            if stray := set(source.files) - paths:
                raise ValueError(f"{self.name}: a source lists {', '.join(sorted(stray))}, the model does not")

    def _states_files(self) -> bool:
        """Return whether every source states size and SHA-256 of each file: a hub, or our own export."""
        hubs = [source for source in self.sources if isinstance(source, ModelScope | HuggingFace)]
        exported = [source for source in self.sources if isinstance(source, LocalExport)]
        return 0 < len(hubs) + len(exported) == len(self.sources) and not any(hub.files for hub in hubs)

    @property
    def exported_from(self) -> str:
        """Name of the model from which this computer exported this one; empty for all others."""
        return next((source.model for source in self.sources if isinstance(source, LocalExport)), "")

    def with_files(self, files: Iterable[ModelFile]) -> "Model":
        """Return this model with the ``files`` that its hub stated, as if they were pinned."""
        files = tuple(files)
        here = {file.path: file.path for file in files}
        hubs = [source for source in self.sources if isinstance(source, ModelScope | HuggingFace)]
        sources = tuple(msgspec.structs.replace(hub, files=here) for hub in hubs)
        return msgspec.structs.replace(self, files=files, sources=sources, stated=None)

    @property
    def size(self) -> int:
        """Total size of all files, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def most_bytes(self) -> int:
        """Size, or its upper limit until the hub has stated the files."""
        return self.stated.most_bytes if self.stated else self.size


class Endpoints(_Strict, frozen=True):
    """Base addresses of the model hubs."""

    modelscope: str
    huggingface: str


class Catalogue(_Strict, frozen=True):
    """All models that can be installed."""

    endpoints: Endpoints
    models: tuple[Model, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise ValueError("two models have the same name")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models, in the order of the catalogue."""
        return tuple(model.name for model in self.models)

    def model(self, name: str) -> Model:
        """Return the model called ``name``. Raises ``ModelUnknown``, so that no other name becomes a path."""
        for model in self.models:
            if model.name == name:
                return model
        raise ModelUnknown(name, self.names)


def decode_catalogue(data: bytes) -> Catalogue:
    """Parse a catalogue from TOML. Raises ``CatalogueDamaged``."""
    try:
        return msgspec.toml.decode(data, type=prepared(Catalogue))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CatalogueDamaged(f"the catalogue of models is not valid: {error}") from error


@cache
def load_catalogue() -> Catalogue:
    """Load the catalogue that this package contains."""
    return decode_catalogue((files("speech.models") / "catalogue.toml").read_bytes())


def wheel_file_prefix(wheel: Wheel) -> str:
    """Return the beginning of the wheel's file name, lower case.

    Name and version are escaped as in the binary distribution format.
    """
    return f"{re.sub(r'[-_.]+', '_', wheel.name)}-{wheel.version}-".lower()
