"""Define ``kikipounamu models``: list, fetch, verify, import, export, measure and remove recognition models.

This module only parses options; ``app.cli.model_actions``, which is slow to import, does the work.
"""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.completion import complete_installed_model, complete_model
from runtime.command_line import AsJson, group

app = group("List, download, verify, import and remove recognition models.")

_NAMES = "Names from `kikipounamu models list`."
_NAME = "Name from `kikipounamu models list`."
_ALL = "Models to verify. [default: all installed models]"
_FOLDER = "Folder with the files or wheels of the model."
_TORCH = "Installed model: SenseVoiceSmall or paraformer-zh."
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help=_NAMES, autocompletion=complete_model)]
Installed = Annotated[
    list[str], typer.Argument(metavar="NAME...", help=_NAMES, autocompletion=complete_installed_model)
]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List models with size, speed and licence, and recommend one."""
    from app.cli import model_actions

    model_actions.list_models(as_json=as_json)


@app.command()
def get(names: Names) -> None:
    """Download models.

    They come from the first source that delivers them completely. Interrupted downloads are resumed. Every byte is
    checked against the catalogue's hashes. If the catalogue has none, the hub's own list is trusted at the first
    download, over HTTPS. The list is stored, and all later downloads are checked against it.
    """
    from app.cli import model_actions

    model_actions.get(names)


@app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help=_ALL, autocompletion=complete_installed_model),
    ] = None,
) -> None:
    """Check every byte of installed models.

    They are compared with the catalogue, or with the list stored with the model.
    """
    from app.cli import model_actions

    model_actions.verify(names or ())


@app.command("import")
def import_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_NAME, autocompletion=complete_model)],
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help=_FOLDER)],
) -> None:
    """Install a model from local files."""
    from app.cli import model_actions

    model_actions.import_model(name, folder)


@app.command("export")
def export_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_TORCH, autocompletion=complete_installed_model)],
    int8: Annotated[bool, typer.Option("--int8", help="Small and fast weights for a processor.")] = False,
    fp16: Annotated[bool, typer.Option("--fp16", help="Half-precision weights for CUDA.")] = False,
) -> None:
    """Make an ONNX graph of an installed model.

    It runs without torch. Making it needs the funasr extra; the result can be copied to computers that lack it,
    with `models import`.
    """
    if int8 and fp16:
        raise typer.BadParameter("choose one of --int8 and --fp16")
    from app.cli import model_actions

    model_actions.export_model(name, "int8" if int8 else "fp16" if fp16 else "fp32")


@app.command()
def measure(names: Installed) -> None:
    """Measure the speed of installed models on this computer.

    Each decodes ten seconds of speech. `models list` shows the speeds.
    """
    from app.cli import model_actions

    model_actions.measure(names)


@app.command()
def remove(names: Installed) -> None:
    """Delete installed models and what is left of their downloads."""
    from app.cli import model_actions

    model_actions.remove(names)
