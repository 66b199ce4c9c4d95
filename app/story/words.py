"""Sentences for lines of the log and for spans of time. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from app.story.lines import Line, host_of


def lasting(ms: float) -> str:
    """A duration as a person reads it."""
    return f"{ms:.0f} ms" if ms < 995 else f"{ms / 1000:.1f} s"


def named(worker: str, workers: Mapping[str, str]) -> str:
    """A worker in few words. ``workers``: those of this story."""
    return workers.get(worker, worker) or "a worker"


def short_names(workers: list[str]) -> dict[str, str]:
    """The host alone, where only one of them is on it; else with the number of its process."""
    hosts = [host_of(worker) for worker in workers]
    return {
        worker: f"worker {host if hosts.count(host) == 1 else worker.rpartition('-')[0]}"
        for worker, host in zip(workers, hosts, strict=True)
    }


def sentence(line: Line) -> str:
    """What a line says that is not of a segment's usual way."""
    tell = _SENTENCES.get(line.event)
    if tell is not None:
        return tell(line)
    why = line.text("reason") or line.text("error")
    return f"{line.event}: {why}" if why else line.event


def _reached(line: Line) -> str:
    return f"connected to the gateway, after {lasting(line.ms('away_ms') or 0)}"


def _again(line: Line) -> str:
    away = lasting(line.ms("away_ms") or 0)
    return f"connected again: no gateway for {away}. {_holds(line)}"


def _holds(line: Line) -> str:
    held, queued, ended = (round(line.ms(name) or 0) for name in ("held", "queued", "ended"))
    return f"It knows of {held} segments that are not complete or not queued, {queued} queued, {ended} ended"


def _lost(line: Line) -> str:
    asked = line.ms("asked_s")
    why = line.text("reason")
    wait = f"trying again in {lasting((line.ms('retry_in_s') or 0) * 1000)}"
    return f"no connection: {why}; {f'asked to wait {asked:g} s, ' if asked else ''}{wait}"


def _busy(line: Line) -> str:
    eta = line.ms("eta_ms")
    wait = "" if eta is None else f", {lasting(eta)} to wait"
    return f"told that the gateway is busy ({line.text('reason')}){wait}"


def _failed(line: Line) -> str:
    after = {
        "again": "it goes back, for any worker",
        "dead": "it failed too often and is among the dead letters",
    }
    verdict = line.text("verdict")
    what = after.get(verdict, "it is not its job any more")
    return f"failed ({line.text('code')}: {line.text('reason')}); {what}"


def _told(line: Line) -> str:
    again = ", and may be tried again" if line.fields.get("retryable") is True else ""
    return f"tells the client that attempt {round(line.ms('attempt') or 0)} failed ({line.text('outcome')}){again}"


def _engine(line: Line) -> str:
    return f"an engine is loaded: {line.text('model') or line.text('engine')} on {line.text('device')}"


def _resumed(line: Line) -> str:
    return f"the session is resumed here. {_holds(line)}"


def _from(line: Line) -> str:
    return f"{line.event}, from {lasting(line.ms('from_ms') or 0)} on"


_SENTENCES: Final[Mapping[str, Callable[[Line], str]]] = {
    "gateway reached": _reached,
    "gateway reached again": _again,
    "gateway lost": _lost,
    "gateway is busy": _busy,
    "gateway asks for audio again": _from,
    "audio is asked for again": _from,
    "segment is tried again": lambda line: f"sends it again as attempt {round(line.ms('attempt') or 0)}",
    "session begins": lambda line: "the session begins here",
    "session resumed": _resumed,
    "segment told": _told,
    "job failed": _failed,
    "engine loaded": _engine,
    "the broker is back": lambda line: f"the broker is back, after {line.ms('away_s') or 0:g} s",
    "connection gone": lambda line: f"the connection ended: {line.text('reason')}",
    "session is done": lambda line: "every segment has ended, and the client was told",
    "text held": lambda line: "its text is held: a key pastes it",
}

PROCESS_EVENTS: Final = (
    "the broker is away",
    "the broker is back",
    "the broker died",
    "the broker does not",
    "the subscription to results was lost",
    "the gateway drains",
    "the gateway listens",
    "the engine failed",
    "the engine has grown",
    "the engine ended",
    "engine loaded",
    "worker starts",
    "leases not renewed",
    "waiting for the broker",
    "child ended",
    "this computer has slept",
    "microphone changed",
    "the journal cannot write",
    "the journal writes again",
    "lines not written",
)
"""How lines begin that belong to no session and may explain one."""
