"""The list of a model's files as a hub states it: read, checked, and kept beside the files.

Nothing but the hub's word says that such a list is right. It is therefore taken once, over HTTPS, and kept: from
then on every byte is checked against it, without a network, and what the hub says later changes nothing.
"""

import hashlib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec
from msgspec import Struct

from speech.models.catalogue import Model, ModelFile, Sha256, Stated
from speech.models.errors import FileRefused, SourceFailed
from speech.models.files import make_durable

FILE_LIST: Final = "FILES.json"
MOST_LIST_BYTES: Final = 4 * 1024 * 1024
# ModelScope cuts a list here and does not say so (package modelscope-hub 0.5, REPO_FILES_TRUNCATION_LIMIT).
_MOST_ENTRIES: Final = 3000
_REASON_CHARACTERS: Final = 200


class FileList(Struct, frozen=True, forbid_unknown_fields=True):
    """``files`` as ``source`` stated them. ``digest`` tells a damaged list from damaged files."""

    source: str
    files: tuple[ModelFile, ...]
    digest: Sha256


def file_list(source: str, files: Iterable[ModelFile]) -> FileList:
    """A list with its digest."""
    ordered = tuple(sorted(files, key=lambda file: file.path))
    return FileList(source, ordered, _digest(ordered))


def read_file_list(folder: Path, model: Model) -> FileList:
    """The list that is kept in ``folder``. Raises ``FileRefused``."""
    path = folder / FILE_LIST
    try:
        if path.stat().st_size > MOST_LIST_BYTES:
            raise FileRefused(f"{FILE_LIST} is longer than {MOST_LIST_BYTES} bytes")
        found = msgspec.json.decode(path.read_bytes(), type=FileList)
    except FileNotFoundError as error:
        raise FileRefused(f"{FILE_LIST} is missing") from error
    except OSError as error:
        raise FileRefused(f"{FILE_LIST} cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FileRefused(f"{FILE_LIST} is damaged ({error})") from error
    if found.digest != _digest(found.files):
        raise FileRefused(f"{FILE_LIST} is damaged (its digest is another)")
    if fault := _fault(found.files, model.stated):
        raise FileRefused(f"{FILE_LIST}: {fault}")
    return found


def write_file_list(folder: Path, found: FileList) -> None:
    """Keep ``found`` in ``folder``, durably. Not atomic: ``folder`` is not in its place yet."""
    path = folder / FILE_LIST
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    make_durable(path)


# -- ModelScope --------------------------------------------------------------------------------------------


class _Entry(Struct, rename="pascal"):
    """One entry of a repository: a ``blob`` is a file, a ``tree`` a folder."""

    path: str
    type: str = "blob"
    size: int = -1
    sha256: str | None = None


class _Data(Struct, rename="pascal"):
    files: list[_Entry]


class _Answer(Struct, rename="pascal"):
    """GET /api/v1/models/REPOSITORY/repo/files, as the package modelscope-hub reads it."""

    code: int = 200
    success: bool = True
    message: str | None = ""
    data: _Data | None = None


def decode_modelscope(answer: bytes, stated: Stated) -> tuple[ModelFile, ...]:
    """The files that are wanted out of the hub's answer. Raises ``SourceFailed`` unless all of it is sound."""
    try:
        found = msgspec.json.decode(answer, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceFailed(f"its list of files cannot be read: {_printable(str(error))}") from error
    if found.code != 200 or not found.success or found.data is None:
        raise SourceFailed(f"it states no files: {_printable(found.message or '')} (code {found.code})")
    entries = found.data.files
    if len(entries) >= _MOST_ENTRIES:
        raise SourceFailed(f"its list of {len(entries)} files may be cut off")
    if escaping := next((entry.path for entry in entries if _escapes(entry.path)), None):
        raise SourceFailed(f"its list of files has {_printable(repr(escaping))}, which leaves the folder")
    blobs = [entry for entry in entries if entry.type == "blob" and _is_wanted(entry.path, stated)]
    files = tuple(_model_file(entry) for entry in blobs)
    if fault := _fault(files, stated):
        raise SourceFailed(f"its list of files is not used: {fault}")
    return files


def _model_file(entry: _Entry) -> ModelFile:
    fields = {"path": entry.path, "size": entry.size, "sha256": (entry.sha256 or "").lower()}
    try:
        return msgspec.convert(fields, ModelFile)
    except msgspec.ValidationError as error:
        shown = _printable(f"{entry.path!r}: {error}")
        raise SourceFailed(f"its list of files is not used, because of {shown}") from error


# -- rules -------------------------------------------------------------------------------------------------


def _fault(files: Sequence[ModelFile], stated: Stated | None) -> str | None:
    """Why ``files`` cannot be those of the model, ``None`` if they can."""
    if stated is None:
        return "the catalogue pins the files of this model"
    if stray := [file.path for file in files if not _is_wanted(file.path, stated)]:
        return f"{stray[0]} is not wanted"
    # Two names that differ in case are one file on some computers.
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
    """Folder by folder: ``*`` does not reach over a slash."""
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _escapes(path: str) -> bool:
    return "\\" in path or "\0" in path or path.startswith("/") or ".." in PurePosixPath(path).parts


def _digest(files: Sequence[ModelFile]) -> str:
    lines = "".join(f"{file.sha256} {file.size} {file.path}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _printable(text: str) -> str:
    """Words of a stranger, short and without control characters."""
    return "".join(character if character.isprintable() else "?" for character in text[:_REASON_CHARACTERS])
