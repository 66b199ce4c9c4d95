"""Sentences for log lines, and texts for durations and worker names. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from app.diagnostics.timeline.segment_facts import LoggedEvent, host_of
from protocol.errors import CloseCode
from runtime.event_names import LogEvent

_NORMAL_CLOSE: Final = f"({CloseCode.NORMAL.value})"
"""Reason of a connection that a gateway closes when its session is done."""


def lasting(ms: float) -> str:
    """Format a duration for people."""
    return f"{ms:.0f} ms" if ms < 995 else f"{ms / 1000:.1f} s"


def worker_name(worker: str, workers: Mapping[str, str]) -> str:
    """Return the short name of a worker.

    ``workers``: the short names of this report.
    """
    return workers.get(worker, worker) or "a worker"


def short_names(workers: list[str]) -> dict[str, str]:
    """Return each worker's host as its name, with the process id where a host has several."""
    hosts = [host_of(worker) for worker in workers]
    return {
        worker: f"worker {host if hosts.count(host) == 1 else worker.rpartition('-')[0]}"
        for worker, host in zip(workers, hosts, strict=True)
    }


def sentence(line: LoggedEvent) -> str:
    """Return a sentence for a line outside the normal steps of a segment."""
    text = _SENTENCES.get(line.event, line.event)
    if not isinstance(text, str):
        return text(line)
    why = line.text("reason") or line.text("error")
    return f"{text}: {why}" if why else text


def _duration_text(line: LoggedEvent, name: str) -> str:
    return lasting(line.ms(name) or 0)


def _holds(line: LoggedEvent) -> str:
    held, queued, ended = (round(line.ms(name) or 0) for name in ("held", "queued", "ended"))
    return f"It knows of {held} segments that are not complete or not queued, {queued} queued, {ended} ended"


def _connection_lost_text(line: LoggedEvent) -> str:
    asked = line.ms("asked_s")
    why = line.text("reason")
    wait = f"trying again in {lasting((line.ms('retry_in_s') or 0) * 1000)}"
    return f"no connection: {why}; {f'asked to wait {asked:g} s, ' if asked else ''}{wait}"


def _busy(line: LoggedEvent) -> str:
    eta = line.ms("eta_ms")
    wait = "" if eta is None else f", {lasting(eta)} to wait"
    return f"the gateway is busy ({line.text('reason')}){wait}"


def _closed(line: LoggedEvent) -> str:
    reason = line.text("reason") or "its client left"
    return "the connection ended" if reason == _NORMAL_CLOSE else f"the connection ended: {reason}"


def _job_failed_text(line: LoggedEvent) -> str:
    after = {
        "again": "it goes back, for any worker",
        "dead": "it failed too often and is among the dead letters",
    }
    verdict = line.text("verdict")
    what = after.get(verdict, "the job is no longer its own")
    return f"failed ({line.text('code')}: {line.text('reason')}); {what}"


def _conclusion_text(line: LoggedEvent) -> str:
    again = ", and may be tried again" if line.fields.get("retryable") is True else ""
    attempt = f"attempt {round(line.ms('attempt') or 0)}"
    return f"reports to the client that {attempt} failed ({line.text('outcome')}){again}"


def _child(line: LoggedEvent) -> str:
    status = line.ms("status")
    return f"{line.text('child')} ended{'' if status is None else f' with status {status:g}'}; starting it again"


def _log(line: LoggedEvent) -> str:
    return f"{line.ms('lines') or 0:g} lines of the log are not written"


_Sentences = Mapping[str, str | Callable[[LoggedEvent], str]]
_OF_PROCESSES: Final[_Sentences] = {
    LogEvent.BROKER_DIED: "the broker died; starting it again",
    LogEvent.BROKER_DISCONNECTED: "no connection to the broker; commands wait",
    LogEvent.BROKER_FILE_SET_ASIDE: "the broker's file is damaged: it is set aside, and clients send again",
    LogEvent.BROKER_RECONNECTED: lambda line: f"the broker is back, after {line.ms('away_s') or 0:g} s",
    LogEvent.BROKER_START_FAILED: "the broker does not start",
    LogEvent.BROKER_STATUS_UNKNOWN: "the broker does not report its state",
    LogEvent.CHILD_ENDED: _child,
    LogEvent.CHILD_START_FAILED: lambda line: f"{line.text('child')} cannot be started: {line.text('reason')}",
    LogEvent.COMPUTER_SLEPT: lambda line: f"this computer slept for {lasting((line.ms('seconds') or 0) * 1000)}",
    LogEvent.ENGINE_ENDED_WITH_PARTIALS: "the engine ended while it decoded partials",
    LogEvent.ENGINE_FAILED: "the engine failed",
    LogEvent.ENGINE_GPU_MEMORY_EXCEEDED: "the engine takes too much GPU memory; starting another",
    LogEvent.ENGINE_LOADED: lambda line: (
        f"an engine is loaded: {line.text('model') or line.text('engine')} on {line.text('device')}"
    ),
    LogEvent.ENGINE_TOO_LARGE: "the engine has grown too large; starting another",
    LogEvent.GATEWAY_DRAINING: "the gateway drains",
    LogEvent.GATEWAY_LISTENING: "the gateway listens",
    LogEvent.JOURNAL_WRITE_FAILED: "the journal cannot be written",
    LogEvent.JOURNAL_WRITE_RECOVERED: "the journal is written again",
    LogEvent.LEASES_NOT_RENEWED: "leases are not renewed",
    LogEvent.LEASES_RENEWED_AGAIN: "leases are renewed again",
    LogEvent.LOG_LINES_HELD_BACK: _log,
    LogEvent.LOG_LINES_LOST: _log,
    LogEvent.MICROPHONE_CHANGED: lambda line: f"the microphone changed: {line.text('change')}",
    LogEvent.RESULTS_SUBSCRIPTION_LOST: "the subscription to results is lost",
    LogEvent.WORKER_STARTED: "the worker starts",
    LogEvent.WORKER_WAITING_FOR_BROKER: "waiting for the broker",
}
_SENTENCES: Final[_Sentences] = {
    **_OF_PROCESSES,
    LogEvent.CONNECTION_CLOSED: _closed,
    LogEvent.FILE_ENDED: lambda line: f"the file has ended: {line.text('state')}",
    LogEvent.FILE_HISTORY_BEHIND: "the history lacks segments of the file; waiting for them",
    LogEvent.FILE_NOT_REMOVED: "the file cannot be deleted",
    LogEvent.FILE_RESTARTED: "the file is recognised again, except the segments with a text",
    LogEvent.FILE_UNREADABLE: lambda line: f"the file cannot be read ({line.text('code')})",
    LogEvent.GATEWAY_BUSY: _busy,
    LogEvent.GATEWAY_CONNECTED: lambda line: f"connected to the gateway, after {_duration_text(line, 'away_ms')}",
    LogEvent.GATEWAY_LOST: _connection_lost_text,
    LogEvent.GATEWAY_RECONNECTED: lambda line: (
        f"connected again: no gateway for {_duration_text(line, 'away_ms')}. {_holds(line)}"
    ),
    LogEvent.JOB_DECODED_ALONE: "its batch failed; decoding it again alone",
    LogEvent.JOB_FAILED: _job_failed_text,
    LogEvent.JOB_NOT_SETTLED: lambda line: f"its outcome cannot be stored in the broker: {line.text('reason')}",
    LogEvent.LEASE_LOST: "its lease is lost: another worker has the job, or the job ended",
    LogEvent.SEGMENT_AUDIO_MISSING: lambda line: (
        f"audio is missing from {_duration_text(line, 'from_ms')} on: asking for it again"
    ),
    LogEvent.SEGMENT_CANCELLED: "the segment is cancelled",
    LogEvent.SEGMENT_CONCLUDED: _conclusion_text,
    LogEvent.SEGMENT_RETRIED: lambda line: f"sends it again as attempt {round(line.ms('attempt') or 0)}",
    LogEvent.SESSION_DONE: "every segment has ended, and the client was notified",
    LogEvent.SESSION_ERROR_SENT: "sends an error to the client",
    LogEvent.SESSION_GIVEN_UP: "the session is given up",
    LogEvent.SESSION_RESUMED: lambda line: f"the session is resumed here. {_holds(line)}",
    LogEvent.SESSION_STARTED: "the session begins here",
    LogEvent.TEXT_HELD: "its text is held: a key pastes it",
}
PROCESS_EVENTS: Final = frozenset(_OF_PROCESSES)
"""Events of process-level lines that may explain what happened to a session."""
