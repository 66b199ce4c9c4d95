"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Gateway = Annotated[str, typer.Option(help="https://HOST:PORT [default: the local gateway]")]
Key = Annotated[str, typer.Option(envvar="KIKIPOUNAMU_KEY", help="Key of the gateway.")]
Certificate = Annotated[
    str,
    typer.Option("--certificate-sha256", help="SHA-256 of the gateway's certificate, if it is self-signed."),
]
Seed = Annotated[int, typer.Option(help="Seed of the random audio.")]
Patience = Annotated[float, typer.Option(min=0.0, help="Seconds without a result until a segment counts as lost.")]
Ramp = Annotated[float, typer.Option(min=0.0, help="Seconds until all are connected.")]
Partials = Annotated[bool, typer.Option("--partials/--no-partials", help="Request partials.")]
ReportIn = Annotated[Path | None, typer.Option("--report", help="Folder for report.json and report.html.")]
ExpectRefusals = Annotated[
    bool, typer.Option("--expect-refusals", help="Do not count temporary refusals as failures.")
]
