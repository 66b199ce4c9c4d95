"""Define the errors of setting up a graphics card."""

from app.core.errors import AppError


class GpuError(AppError):
    """Base class: the graphics card cannot be set up."""


class NoTorchFits(GpuError):
    """No build of torch runs on this card with this driver."""


class PythonMissing(GpuError):
    """No Python can make an environment."""

    def __init__(self) -> None:
        super().__init__("no Python from 3.11 on with venv was found: install one (Debian: python3-venv)")


class LicenceNotAccepted(GpuError):
    """The licence of the models was not accepted."""


class SetupFailed(GpuError):
    """A step failed. What was made is removed again."""

    def __init__(self, step: str, command: str) -> None:
        super().__init__(f"{step} failed, see above; what was made is removed again. It was: {command}")
