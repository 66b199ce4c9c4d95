"""The steps that set up an environment with torch, and the programs in it. Pure."""

from pathlib import Path, PurePath
from typing import Final, NamedTuple

from app.gpu.torch_choice import TorchChoice

ENGINE: Final = "funasr"
MODEL: Final = "SenseVoiceSmall"
_MODELS: Final = ("fsmn-vad", MODEL)
_EXTRAS: Final = "worker,funasr"
_LOOKS: Final = "looking for kikipounamu in the package index (without it: add --wheel FILE)"


class GpuStep(NamedTuple):
    """A command and what it does, for people."""

    says: str
    command: tuple[str, ...]


def program_in(environment: PurePath, name: str, platform: str) -> str:
    """Return the path of a program in an environment."""
    if platform == "win32":
        return str(environment / "Scripts" / f"{name}.exe")
    return str(environment / "bin" / name)


def steps(python: str, environment: Path, source: str, choice: TorchChoice, platform: str) -> tuple[GpuStep, ...]:
    """Return the steps in their order.

    ``python`` makes the environment. ``source``: the folder of a checkout, a wheel, or a version such as ==0.1.0.
    """
    own = program_in(environment, "python", platform)
    pip = (own, "-m", "pip", "install", "--disable-pip-version-check", "--no-input")
    indexed = source.startswith("==")
    wanted = f"kikipounamu[{_EXTRAS}]{source}" if indexed else f"{source}[{_EXTRAS}]"
    worker = program_in(environment, "kikipounamu-worker", platform)
    check = (worker, "doctor", "--engine", ENGINE, "--model", MODEL, "--device", choice.device)
    looks = GpuStep(_LOOKS, (*pip, "--dry-run", "--no-deps", f"kikipounamu{source}"))  # before gigabytes of torch
    return (
        GpuStep("making an environment", (python, "-m", "venv", str(environment))),
        *((looks,) if indexed else ()),
        GpuStep("installing torch", (*pip, *choice.arguments)),
        GpuStep("installing kikipounamu with FunASR", (*pip, wanted)),
        GpuStep(
            "downloading the models", (program_in(environment, "kikipounamu", platform), "models", "get", *_MODELS)
        ),
        GpuStep("checking with one decode", check),
    )
