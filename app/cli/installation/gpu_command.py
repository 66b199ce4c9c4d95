"""Implement ``kikipounamu gpu``: install torch for a graphics card in a separate environment, or remove it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.cli.output import exit_on_error
from runtime.command_line import group
from runtime.terminal import say

if TYPE_CHECKING:
    from app.gpu.installer import GpuStep, NvidiaCard

app = group("Recognise with FunASR's models on a graphics card.")


@app.command()
def setup(
    dry_run: Annotated[bool, typer.Option("--print", help="Print the commands and run nothing.")] = False,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence of FunASR's models.")
    ] = False,
    device: Annotated[Literal["auto", "cpu"], typer.Option(help="cpu: also where there is a card.")] = "auto",
    wheel: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="kikipounamu-VERSION-py3-none-any.whl, if no package index has this version.",
        ),
    ] = None,
) -> None:
    """Install torch for this computer's card, check it with one decode, and use it.

    Everything goes into an environment of its own, which is removed again if a step fails.
    """
    with exit_on_error():
        _set_up(dry_run=dry_run, accepted=accept_licence, device=device, wheel=wheel)


@app.command()
def remove() -> None:
    """Remove that environment, and recognise without it."""
    with exit_on_error():
        _remove()


def _set_up(*, dry_run: bool, accepted: bool, device: str, wheel: Path | None = None) -> None:
    from app.gpu import installer
    from app.gpu.installer import ENGINE, find_cards

    found = find_cards() if device == "auto" else ()
    environment = installer.next_environment()
    plan = _plan(found[0] if found else None, environment, wheel)
    line = f"card: {found[0].description}" if found else "no NVIDIA card is used: recognition on the processor"
    say(line)
    if dry_run:
        _print(plan)
        return
    _accept_licence(accepted=accepted)
    installer.set_up(environment, plan, say)
    if _has_app():
        _save_environment(str(environment))
        say("Ready: this computer recognises with it from now on. `kikipounamu gpu remove` undoes this.")
    else:
        say(f"Ready. There is no app here that starts it; run:\n{plan[-1].command[0]} run --engine {ENGINE}")
    installer.remove(keep=environment)


def _plan(card: "NvidiaCard | None", environment: Path, wheel: Path | None) -> "tuple[GpuStep, ...]":
    import platform
    import sys

    from app.gpu.installer import choose_torch, steps, usable_python
    from app.updates.installation import read_facts

    facts = read_facts()
    source = str(wheel.absolute()) if wheel else facts.source or f"=={facts.version}"
    choice = choose_torch(sys.platform, platform.machine(), card)
    return steps(usable_python(), environment, source, choice, sys.platform)


def _print(plan: "tuple[GpuStep, ...]") -> None:
    import sys

    from runtime.installing import command_text

    for step in plan:
        say(f"\n# {step.title}\n{command_text(step.command, sys.platform)}")


def _accept_licence(*, accepted: bool) -> None:
    """Show the licence of the models, and ask for consent. Raises ``GpuError``."""
    import sys

    from app.gpu.installer import MODEL, GpuError
    from speech.models.catalogue import load_catalogue

    model = next(one for one in load_catalogue().models if one.name == MODEL)
    say(f"\nThe model {model.title} is under the {model.licence}:\n{model.attribution}\n")
    if accepted:
        return
    if not sys.stdin.isatty():
        raise GpuError("read this licence, then add --accept-licence")
    if input("Accept this licence? [y/N] ").strip().lower() not in ("y", "yes"):
        raise GpuError("the licence was not accepted: nothing was changed")


def _has_app() -> bool:
    """Return whether the app is installed; its settings name the environment."""
    from importlib.util import find_spec

    return find_spec("tomlkit") is not None


def _save_environment(environment: str) -> None:
    """Set the environment from which the worker runs; an empty string resets it."""
    import asyncio

    from app.gpu.installer import MODEL
    from app.settings.file import SettingsFile
    from app.settings.sections import ChangeSetting

    async def write() -> None:
        async with SettingsFile() as file:
            await file.apply(ChangeSetting("worker.environment", environment))
            if environment or file.current.worker.model == MODEL:
                await file.apply(ChangeSetting("worker.model", MODEL if environment else ""))

    asyncio.run(write())


def _remove() -> None:
    from app.gpu import installer

    if _has_app():
        _save_environment("")
    number = installer.remove()
    if left := installer.existing():
        raise installer.GpuError(f"{left[0]} cannot be removed: delete it yourself; nothing uses it any more")
    say("The environment is removed." if number else "There is no environment to remove.")
