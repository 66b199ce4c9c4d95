"""Define options shared by several commands: the gateway and how it recognises.

Imports only what all need.
"""

from typing import Annotated

import typer

from app.cli.completion import complete_engine, complete_gateway, complete_language, complete_model


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
        autocompletion=complete_gateway,
        help="Server that recognises: NAME or id of a paired one, or https://HOST:PORT (http:// only on this "
        "computer). [default: this computer]",
    ),
]
Key = Annotated[
    str,
    typer.Option(envvar="KIKIPOUNAMU_KEY", metavar="KEY", help="Key of the server; not needed with a NAME."),
]
Certificate = Annotated[
    str,
    typer.Option(
        "--certificate-sha256",
        envvar="KIKIPOUNAMU_CERTIFICATE_SHA256",
        metavar="HEX",
        help="SHA-256 of the server's certificate, if it is self-signed; not needed with a NAME.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        autocompletion=complete_engine,
        help="Engine for recognition on this computer. [default: by your languages]",
    ),
]
Model = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        autocompletion=complete_model,
        help="Model for recognition. [default: any loaded model]",
    ),
]
Language = Annotated[
    str,
    typer.Option(
        metavar="CODE",
        callback=_spoken,
        autocompletion=complete_language,
        help="Spoken language: auto, or an ISO 639 code such as en or zh.",
    ),
]
Microphone = Annotated[
    str, typer.Option(metavar="NAME", help="Name or part of it. [default: the system's default]")
]
GetModels = Annotated[
    bool | None,
    typer.Option("--get-models/--no-get-models", help="Download missing models. [default: only on a terminal]"),
]
