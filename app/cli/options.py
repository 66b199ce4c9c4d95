"""Define options shared by several commands: the gateway and how it recognises.

Imports only what all need.
"""

from typing import Annotated

import typer


def _spoken(text: str) -> str:
    """Validate a language like the setting of this name. Raises ``typer.BadParameter`` with its message."""
    from app.settings import checks

    if refused := checks.language(text):
        raise typer.BadParameter(f"{text!r} cannot be: {refused}")
    return text


Gateway = Annotated[
    str,
    typer.Option(
        envvar="KIKIPOUNAMU_GATEWAY",
        metavar="URL|NAME",
        help="https://HOST:PORT, http:// on this computer itself, or what one is called that the app is paired "
        "with. [default: our own]",
    ),
]
Key = Annotated[
    str, typer.Option(envvar="KIKIPOUNAMU_KEY", help="What that gateway wants to be shown; of a NAME it is known.")
]
Certificate = Annotated[
    str,
    typer.Option(
        "--certificate-sha256",
        envvar="KIKIPOUNAMU_CERTIFICATE_SHA256",
        help="Digest of that gateway's certificate, where this computer trusts none; of a NAME it is known.",
    ),
]
Engine = Annotated[str, typer.Option(help="Engine of the worker, where one is started.")]
Model = Annotated[str, typer.Option(help="Model to recognise with. [default: any that is loaded]")]
Language = Annotated[
    str,
    typer.Option(
        metavar="CODE", callback=_spoken, help="What is spoken: auto, or a code of ISO 639 such as en or zh."
    ),
]
GetModels = Annotated[
    bool | None,
    typer.Option("--get-models/--no-get-models", help="Fetch missing models. [default: only on a terminal]"),
]
