"""What a person may ask of the files that are recognised in the background. ``file``: its number in the list."""

from dataclasses import dataclass

from app.formats import Format


@dataclass(frozen=True)
class AddFiles:
    """Recognise these; of a folder, the recordings in it."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class PauseFiles:
    """Send no more of it; without a number, of none of them."""

    file: int | None = None


@dataclass(frozen=True)
class ResumeFiles:
    """Go on where it was paused; without a number, with all of them."""

    file: int | None = None


@dataclass(frozen=True)
class CancelFile:
    """Give it up, and what was recognised of it."""

    file: int


@dataclass(frozen=True)
class RetryFile:
    """Go on with what failed or has gaps, or begin again with what was cancelled."""

    file: int


@dataclass(frozen=True)
class RemoveFiles:
    """Take it from the list; without a number, every one that has ended. Results that were saved stay."""

    file: int | None = None


@dataclass(frozen=True)
class MoveFile:
    """So many places later; negative: earlier. The list is worked off from its top."""

    file: int
    by: int


@dataclass(frozen=True)
class CopyFile:
    """Its text is wanted: it comes as ``FileText``."""

    file: int


@dataclass(frozen=True)
class SaveFile:
    """Write its text to ``place``. Whoever asks has made sure that nothing is replaced by mistake."""

    file: int
    place: str
    form: Format


@dataclass(frozen=True)
class ChooseSaving:
    """How results are saved from now on. ``folder``: empty for next to each file."""

    forms: tuple[Format, ...]
    folder: str = ""


FileAction = (
    AddFiles
    | PauseFiles
    | ResumeFiles
    | CancelFile
    | RetryFile
    | RemoveFiles
    | MoveFile
    | CopyFile
    | SaveFile
    | ChooseSaving
)
