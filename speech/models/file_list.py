"""File list of a model as its hub states it: parsed, checked, and stored with the files.

Only the hub vouches for such a list. It is therefore fetched once, over HTTPS, and stored. From then on every
byte is checked against it, without a network, and later changes at the hub have no effect.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from protocol.decoding import explain, prepared
from speech.models.catalogue import Model, ModelFile, Sha256, Stated
from speech.models.errors import FileRefused, SourceFailed
from speech.models.files import make_durable

FILE_LIST: Final = "FILES.json"
MOST_LIST_BYTES: Final = 4 * 1024 * 1024
# ModelScope silently truncates longer lists (package modelscope-hub 0.5, REPO_FILES_TRUNCATION_LIMIT).
_MOST_ENTRIES: Final = 3000
# Hugging Face answers with pages of so many entries (huggingface.co/docs/hub/api).
_MOST_NODES: Final = 1000
_MOST_SMALL_BYTES: Final = 16 * 1024 * 1024
_REASON_CHARACTERS: Final = 200
_T = TypeVar("_T")

Read = Callable[[str, int], bytes]
"""Returns the contents of a small file at a path of the repository, of the given size. Raises ``SourceFailed``."""


class FileList(Struct, frozen=True, forbid_unknown_fields=True):
    """List of ``files`` stated by ``source``. ``digest`` distinguishes a damaged list from damaged files."""

    source: str
    files: tuple[ModelFile, ...]
    digest: Sha256


def file_list(source: str, files: Iterable[ModelFile]) -> FileList:
    """Create a list with its digest."""
    ordered = tuple(sorted(files, key=lambda file: file.path))
    return FileList(source, ordered, _digest(ordered))


def read_file_list(folder: Path, model: Model) -> FileList:
    """Read the list stored in ``folder``. Raises ``FileRefused``."""
    path = folder / FILE_LIST
    try:
        if path.stat().st_size > MOST_LIST_BYTES:
            raise FileRefused(f"{FILE_LIST} is longer than {MOST_LIST_BYTES} bytes")
        found = msgspec.json.decode(path.read_bytes(), type=prepared(FileList))
    except FileNotFoundError as error:
        raise FileRefused(f"{FILE_LIST} is missing") from error
    except OSError as error:
        raise FileRefused(f"{FILE_LIST} cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FileRefused(f"{FILE_LIST} is damaged ({explain(error)})") from error
    if found.digest != _digest(found.files):
        raise FileRefused(f"{FILE_LIST} is damaged (its digest is another)")
    if fault := _fault(found.files, model.stated):
        raise FileRefused(f"{FILE_LIST}: {fault}")
    return found


def write_file_list(folder: Path, found: FileList) -> None:
    """Store ``found`` durably in ``folder``. Not atomic, because ``folder`` is not yet in its final place."""
    path = folder / FILE_LIST
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    make_durable(path)


# -- ModelScope --------------------------------------------------------------------------------------------


class _Entry(Struct, rename="pascal"):
    """Entry of a repository: a ``blob`` is a file, a ``tree`` a folder."""

    path: str
    type: str = "blob"
    size: int = -1
    sha256: str | None = None


class _Data(Struct, rename="pascal"):
    files: list[_Entry]


class _Answer(Struct, rename="pascal"):
    """Answer of GET /api/v1/models/REPOSITORY/repo/files, as the package modelscope-hub reads it."""

    code: int = 200
    success: bool = True
    message: str | None = ""
    data: _Data | None = None


def decode_modelscope(answer: bytes, stated: Stated) -> tuple[ModelFile, ...]:
    """Return the wanted files of the hub's answer. Raises ``SourceFailed`` if any part of it is unsound."""
    found = _decode(answer, _Answer)
    if found.code != 200 or not found.success or found.data is None:
        raise SourceFailed(f"it states no files: {_printable(found.message or '')} (code {found.code})")
    entries = found.data.files
    if len(entries) >= _MOST_ENTRIES:
        raise SourceFailed(f"its list of {len(entries)} files may be cut off")
    _refuse_escaping(entry.path for entry in entries)
    blobs = (entry for entry in entries if entry.type == "blob" and _is_wanted(entry.path, stated))
    return _check(blobs, stated)


def _model_file(entry: _Entry) -> ModelFile:
    fields = {"path": entry.path, "size": entry.size, "sha256": (entry.sha256 or "").lower()}
    try:
        return msgspec.convert(fields, prepared(ModelFile))
    except msgspec.ValidationError as error:
        shown = _printable(f"{entry.path!r}: {explain(error, ModelFile)}")
        raise SourceFailed(f"its list of files is not used, because of {shown}") from error


# -- Hugging Face ------------------------------------------------------------------------------------------


class _Lfs(Struct):
    """Large file: ``oid`` is the SHA-256 of its contents."""

    oid: str
    size: int


class _Node(Struct):
    """Entry of a repository, as of huggingface.js, ListFileEntry. ``oid`` is the id of a git object."""

    path: str
    type: str = "file"
    size: int = -1
    oid: str = ""
    lfs: _Lfs | None = None


def decode_huggingface(answer: bytes, stated: Stated, read: Read) -> tuple[ModelFile, ...]:
    """Return the wanted files of the hub's answer. Raises ``SourceFailed`` if any part of it is unsound.

    For small files the hub states a git object id and no SHA-256: ``read`` fetches them, and both are computed.
    """
    nodes = _decode(answer, list[_Node])
    if len(nodes) >= _MOST_NODES:
        raise SourceFailed(f"its list of {len(nodes)} files may be cut off")
    _refuse_escaping(node.path for node in nodes)
    wanted = (node for node in nodes if node.type == "file" and _is_wanted(node.path, stated))
    return _check((_with_hash(node, read) for node in wanted), stated)


def _with_hash(node: _Node, read: Read) -> _Entry:
    if node.lfs is not None:
        return _Entry(node.path, "blob", node.lfs.size, node.lfs.oid)
    if not 0 <= node.size <= _MOST_SMALL_BYTES:
        raise SourceFailed(f"its list of files has no SHA-256 of {_printable(repr(node.path))}")
    data = read(node.path, node.size)
    found = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    if found != node.oid:
        raise SourceFailed(f"{_printable(repr(node.path))} is not the file of its list")
    return _Entry(node.path, "blob", len(data), hashlib.sha256(data).hexdigest())


# -- rules -------------------------------------------------------------------------------------------------


def _decode(answer: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(answer, type=prepared(kind))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceFailed(f"its list of files cannot be read: {_printable(explain(error))}") from error


def _check(entries: Iterable[_Entry], stated: Stated) -> tuple[ModelFile, ...]:
    files = tuple(map(_model_file, entries))
    if fault := _fault(files, stated):
        raise SourceFailed(f"its list of files is not used: {fault}")
    return files


def _fault(files: Sequence[ModelFile], stated: Stated | None) -> str | None:
    """Return the reason why ``files`` cannot be the model's files, or ``None``."""
    if stated is None:
        return "the catalogue pins the files of this model"
    if stray := [file.path for file in files if not _is_wanted(file.path, stated)]:
        return f"{stray[0]} is not wanted"
    # On some computers, two names that differ only in case are the same file.
    if len({file.path.casefold() for file in files}) != len(files):
        return "it has one file twice"
    paths = [file.path for file in files]
    if lacking := [wanted for wanted in stated.wanted if not any(_matches(path, wanted) for path in paths)]:
        return f"it has no {', '.join(lacking)}"
    if (size := sum(file.size for file in files)) > stated.most_bytes:
        return f"{size} bytes are more than the {stated.most_bytes} that this model may have"
    return None


def _is_wanted(path: str, stated: Stated) -> bool:
    return any(_matches(path, wanted) for wanted in stated.wanted)


def _matches(path: str, pattern: str) -> bool:
    """Match folder by folder, so that ``*`` does not cross a slash."""
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _refuse_escaping(paths: Iterable[str]) -> None:
    if escaping := next(filter(_escapes, paths), None):
        raise SourceFailed(f"its list of files has {_printable(repr(escaping))}, which leaves the folder")


def _escapes(path: str) -> bool:
    return "\\" in path or "\0" in path or path.startswith("/") or ".." in PurePosixPath(path).parts


def _digest(files: Sequence[ModelFile]) -> str:
    lines = "".join(f"{file.sha256} {file.size} {file.path}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _printable(text: str) -> str:
    """Shorten untrusted text and replace its control characters."""
    return "".join(character if character.isprintable() else "?" for character in text[:_REASON_CHARACTERS])
