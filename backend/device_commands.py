"""``kikipounamu-gateway devices``: the paired devices, by hand. A gateway that runs follows within a second."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from backend.devices import DEVICES_FILE, DeviceStore
from backend.errors import BackendError
from protocol.devices import DeviceKind
from runtime.folders import folders

devices = typer.Typer(no_args_is_help=True, help="Who else may use this gateway.")

Which = Annotated[str, typer.Argument(help="Its id, the beginning of it, or its name.")]
_NEVER: Final = "never"


@devices.command("list")
def list_devices() -> None:
    """Show them, the oldest first: id, what it may do, when it was paired, when it was last here, name."""
    with _store() as store:
        for one in store.read():
            typer.echo(f"{one.id}  {one.kind:6}  {_day(one.made_s)}  {_day(one.seen_s):16}  {one.name}")


@devices.command("add")
def add_device(
    name: str, worker: Annotated[bool, typer.Option("--worker", help="For a worker, not a client.")] = False
) -> None:
    """Make a key by hand, where nobody can pair, and print it once."""
    with _store() as store:
        made, key = store.add(name, DeviceKind.WORKER if worker else DeviceKind.CLIENT, time.time())
        typer.echo(f"{made.id}  {made.kind}  {made.name}\n{key}")


@devices.command("name")
def name_device(device: Which, name: str) -> None:
    """Call it something else."""
    with _store() as store:
        renamed = store.rename(device, name)
        typer.echo(f"{renamed.id}  {renamed.name}")


@devices.command("revoke")
def revoke_device(device: Which) -> None:
    """Its key is good no more, and its open connections end."""
    with _store() as store:
        revoked = store.revoke(device)
        typer.echo(f"{revoked.id}  {revoked.name}  revoked")


@contextmanager
def _store() -> Iterator[DeviceStore]:
    try:
        yield DeviceStore(folders().data / DEVICES_FILE)
    except (BackendError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _day(moment_s: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment_s)) if moment_s else _NEVER
