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
        help="https://HOST:PORT (http:// only on this computer), or NAME of a paired gateway. "
        "[default: the local gateway]",
    ),
]
Key = Annotated[str, typer.Option(envvar="KIKIPOUNAMU_KEY", help="Key of the gateway; not needed with a NAME.")]
Certificate = Annotated[
    str,
    typer.Option(
        "--certificate-sha256",
        envvar="KIKIPOUNAMU_CERTIFICATE_SHA256",
        help="SHA-256 of the gateway's certificate, if it is self-signed; not needed with a NAME.",
    ),
]
Engine = Annotated[
    str, typer.Option(help="Engine of the worker, if this command starts one. [default: by your languages]")
]
Model = Annotated[str, typer.Option(help="Model for recognition. [default: any loaded model]")]
Language = Annotated[
    str,
    typer.Option(
        metavar="CODE", callback=_spoken, help="Spoken language: auto, or an ISO 639 code such as en or zh."
    ),
]
GetModels = Annotated[
    bool | None,
    typer.Option("--get-models/--no-get-models", help="Download missing models. [default: only on a terminal]"),
]
