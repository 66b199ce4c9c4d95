"""Options of more than one command: which gateway recognises, and how. Loads nothing that only a command needs."""

from typing import Annotated

import typer

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
GetModels = Annotated[
    bool | None,
    typer.Option("--get-models/--no-get-models", help="Fetch missing models. [default: only on a terminal]"),
]
