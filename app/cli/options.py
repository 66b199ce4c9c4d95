"""Define options shared by several commands, and the sections of commands in the help.

This module imports only what all commands need.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Final

import typer

from app.cli.completion import complete_engine, complete_gateway, complete_language, complete_model
from runtime.program_start import require


def _checked_language(text: str) -> str:
    """Validate a language like the setting ``language``, and against the catalogue. Raises ``BadParameter``."""
    from app.settings import checks

    if refused := checks.language(text):
        raise typer.BadParameter(f"{text!r} cannot be: {refused}")
    known = [code for code, _ in complete_language()] if text != "auto" else []
    if known and text not in known:
        choice = ", ".join(known)
        raise typer.BadParameter(f"no model knows the language {text!r}: choose one of {choice}")
    return text


def _recognising(name: str) -> str:
    """Return the engine's name if it is known or installed. Raises ``typer.BadParameter`` otherwise."""
    if not name or ":" in name:
        return name
    from app.models.engines import KINDS

    known = {kind.engine for kind in KINDS.values()} - {""}
    if name not in known and name not in (known := known | {found for found, _ in complete_engine()}):
        raise typer.BadParameter(f"there is no engine {name!r}: choose one of {', '.join(sorted(known))}")
    return name


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
ResentGateway = Annotated[
    str,
    typer.Option(
        "--gateway",
        envvar="KIKIPOUNAMU_GATEWAY",
        metavar="URL|NAME",
        autocompletion=complete_gateway,
        help="Server that recognises, like for `transcribe`. [default: the one that the app uses; with --engine, "
        "this computer]",
    ),
]
PairedGateway = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        autocompletion=complete_gateway,
        help="Name or id of a paired server. [default: this computer]",
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
        callback=_recognising,
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
ResentModel = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="NAME",
        autocompletion=complete_model,
        help="Model for recognition. [default: that of the recording]",
    ),
]
Language = Annotated[
    str,
    typer.Option(
        metavar="CODE",
        callback=_checked_language,
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


_GATEWAY_OPTIONS: Final = {
    "model": (Model, ""),
    "gateway": (Gateway, ""),
    "key": (Key, ""),
    "certificate_sha256": (Certificate, ""),
    "engine": (Engine, ""),
    "get_models": (GetModels, None),
}
"""Option type and default by field of ``GatewayChoice``, in the order of the help."""


def with_gateway_options(
    model: Any = Model, gateway: Any = Gateway
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds the gateway options and passes them as ``source``, a ``GatewayChoice``.

    ``model``, ``gateway``: types of the options of these names.
    """
    kinds = _GATEWAY_OPTIONS | {"model": (model, ""), "gateway": (gateway, "")}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**given: Any) -> None:
            require_local_recognition()
            from app.cli.commands import GatewayChoice

            source = GatewayChoice(**{name: given.pop(name) for name in kinds})
            command(source, **given)

        own = [one for one in signature(command).parameters.values() if one.name != "source"]
        added = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for name, (kind, default) in kinds.items()
        ]
        run.__signature__ = Signature([*own, *added])  # type: ignore[attr-defined] # typer reads it
        run.__annotations__ = {one.name: one.annotation for one in (*own, *added)}
        return run

    return decorate


def require_local_recognition() -> None:
    """End the program if the system's limits are too low for a gateway and a worker."""
    require(memory_mb=500, threads=24, files=24)


class CommandSection(StrEnum):
    """Section of commands in the help."""

    APP = "App"
    DICTATION = "Dictation"
    RECORDINGS = "Recordings and files"
    MODELS = "Models"
    SERVERS = "Servers"
    DIAGNOSIS = "Diagnosis"
