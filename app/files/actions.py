"""Actions of a user on the files that are recognised in the background.

``file``: its number in the list.
"""

from dataclasses import dataclass

from app.core.format import Format


@dataclass(frozen=True)
class AddFiles:
    """Recognise these files, and the recordings in these folders."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class PauseFiles:
    """Stop sending this file; without a number, all files."""

    file: int | None = None


@dataclass(frozen=True)
class ResumeFiles:
    """Continue a paused file; without a number, all of them."""

    file: int | None = None


@dataclass(frozen=True)
class CancelFiles:
    """Cancel this file and discard its results; without a number, all files of which nothing is recognised yet."""

    file: int | None = None


@dataclass(frozen=True)
class RetryFile:
    """Retry the failed parts and gaps of this file, or restart it if it was cancelled."""

    file: int


@dataclass(frozen=True)
class RemoveFiles:
    """Remove this file from the list; without a number, all that have ended.

    Saved results stay.
    """

    file: int | None = None


@dataclass(frozen=True)
class MoveFile:
    """Move this file by so many places; negative: up.

    The list is processed from the top.
    """

    file: int
    by: int


@dataclass(frozen=True)
class CopyFile:
    """Request the text of this file, which arrives as ``FileText``."""

    file: int


@dataclass(frozen=True)
class SaveFile:
    """Write the text of this file to ``place``.

    The caller has confirmed that a file there may be replaced.
    """

    file: int
    place: str
    form: Format


@dataclass(frozen=True)
class ChooseSaving:
    """Set how results are saved from now on.

    ``folder``: empty for the folder of each file.
    """

    forms: tuple[Format, ...]
    folder: str = ""


FileAction = (
    AddFiles
    | PauseFiles
    | ResumeFiles
    | CancelFiles
    | RetryFile
    | RemoveFiles
    | MoveFile
    | CopyFile
    | SaveFile
    | ChooseSaving
)
