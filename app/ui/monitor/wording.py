"""Word the texts of the monitor: figures, workers and utterances."""

from datetime import datetime
from typing import Final

from app.core.states import State
from app.monitoring.view import (
    Link,
    MonitorView,
    StageFigures,
    UtteranceRow,
    UtteranceStage,
    WorkerFigures,
)
from app.ui.strings.texts import Texts, device_name, joined, short_number, state_text
from protocol.monitor import Snapshot, WorkerState, WorkerStatus

NOTHING: Final = "–"
STAGES: Final = {
    UtteranceStage.SENT: "monitor.sent",
    UtteranceStage.QUEUED: "monitor.waited",
    UtteranceStage.DECODED: "monitor.decoded",
    UtteranceStage.DELIVERED: "monitor.delivered",
    UtteranceStage.INSERTED: "monitor.inserted",
    UtteranceStage.WHOLE: "monitor.whole",
}
_DID: Final = {
    UtteranceStage.SENT: "monitor.did-sent",
    UtteranceStage.QUEUED: "monitor.did-wait",
    UtteranceStage.DELIVERED: "monitor.did-return",
    UtteranceStage.INSERTED: "monitor.did-insert",
}
_ON_THE_WAY: Final = frozenset({UtteranceStage.SENT, UtteranceStage.DELIVERED})
_WORKER: Final = {
    WorkerState.STARTING: ("monitor.starting", State.ARMING),
    WorkerState.IDLE: ("monitor.idle", State.IDLE),
    WorkerState.BUSY: ("monitor.busy", State.INSERTING),
    WorkerState.DRAINING: ("monitor.draining", State.WAITING),
    WorkerState.FAILED: ("monitor.failed", State.FAILED),
}
_MEGABYTE, _GIGABYTE = 1e6, 1e9
_SHORTEST_S: Final = 0.0005


def seconds_text(texts: Texts, seconds: float) -> str:
    """Return a duration as ``12 ms``, ``1.2 s``, ``3 min``, ``3 min 5 s``, ``2 h 10 min`` or ``3 d 4 h``."""
    if seconds < 0.9995:
        return texts("monitor.ms", value=round(seconds * 1000))
    if seconds < 59.5:
        return texts("monitor.seconds", value=short_number(seconds))
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return texts("monitor.days", days=days, hours=hours)
    if hours:
        return texts("monitor.hours", hours=hours, minutes=minutes)
    return texts("monitor.minutes" if rest else "monitor.whole-minutes", minutes=minutes, seconds=rest)


def bytes_text(texts: Texts, number: float) -> str:
    """Return a size as ``350 MB`` or ``3.1 GB``."""
    if number < _GIGABYTE:
        return texts("monitor.megabytes", value=round(number / _MEGABYTE))
    return texts("monitor.gigabytes", value=f"{number / _GIGABYTE:.1f}")


def percent_text(texts: Texts, percent: float) -> str:
    """Return a percentage as ``34 %``."""
    return texts("monitor.percent", value=round(percent))


def count_text(texts: Texts, count: float) -> str:
    """Return a count as ``3``."""
    return f"{count:.0f}"


def times_text(texts: Texts, times: float) -> str:
    """Return a factor as ``12 ×`` or ``0.4 ×``."""
    return texts("monitor.times", value=short_number(times))


def ratio_text(texts: Texts, ratio: float) -> str:
    """Return a ratio as ``0.084``, with two significant figures and at most three decimal places."""
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}"


def gateway_text(texts: Texts, gateway: Snapshot) -> str:
    """Return uptime, sessions, streams and broker of a gateway on one line."""
    key = "monitor.broker" if gateway.broker.durable else "monitor.not-durable"
    up = texts("monitor.up", time=seconds_text(texts, gateway.uptime_s // 60 * 60 or gateway.uptime_s))
    streams = texts("monitor.streams", count=int(gateway.streams)) if int(gateway.streams) else ""
    return joined(
        up, texts("monitor.sessions", count=gateway.sessions), streams, texts(key, name=gateway.broker.version)
    )


def link_text(texts: Texts, view: MonitorView) -> tuple[str, State]:
    """Return the state of the monitor feed in a word or two, and the ``State`` that gives icon and colour."""
    if view.link is Link.CONNECTING:
        return texts("monitor.connecting"), State.ARMING
    if view.link is not Link.LIVE:
        return texts("monitor.not-connected"), State.FAILED
    if view.gateway and not view.gateway.broker.up:
        return texts("monitor.broker-away"), State.FAILED
    return texts("monitor.live"), State.LISTENING


def trouble_text(texts: Texts, view: MonitorView) -> tuple[str, str]:
    """Return a problem and its remedy; both empty if there is no problem."""
    match view.link:
        case Link.CONNECTING if view.gateway is None:
            return texts("monitor.connecting"), texts("monitor.connecting-help")
        case Link.LOST:
            name = texts("monitor.lost-old" if view.gateway else "monitor.lost")
            return name, texts("monitor.lost-help")
        case Link.REFUSED:
            return texts("monitor.refused"), texts("monitor.refused-help")
        case Link.LIVE if view.gateway and not view.gateway.broker.up:
            return texts("monitor.no-broker"), texts("monitor.no-broker-help")
    return "", ""


def worker_state(texts: Texts, worker: WorkerFigures) -> tuple[str, State]:
    """Return a worker's state as text, and the ``State`` that gives icon and colour."""
    if worker.gone:
        return texts("monitor.gone"), State.FAILED
    if worker.status.silent:
        return texts("monitor.silent", time=seconds_text(texts, worker.status.age_ms / 1000)), State.FAILED
    key, state = _WORKER[worker.status.state]
    return texts(key), state


def worker_text(texts: Texts, worker: WorkerStatus) -> str:
    """Return model, device and speed of a worker."""
    speed = texts("monitor.speed", value=short_number(worker.speed)) if worker.speed else ""
    return joined(worker.model, device_name(texts, worker.device), speed)


def worker_counts(texts: Texts, worker: WorkerStatus) -> str:
    """Return the numbers of recognised and failed segments."""
    failed = texts("monitor.failures", count=worker.failed) if worker.failed else ""
    return joined(texts("monitor.done", count=worker.done), failed)


def stage_text(texts: Texts, figures: StageFigures) -> str:
    """Return a stage with its median and 95th percentile."""
    half, most = seconds_text(texts, figures.p50_s), seconds_text(texts, figures.p95_s)
    return texts("monitor.stage", name=texts(STAGES[figures.stage]), half=half, most=most)


def stages_text(texts: Texts, row: UtteranceRow, *, short: bool = False) -> str:
    """Return the time that an utterance spent in each stage, and its error if it failed.

    ``short`` leaves out the spoken time and the stages on the network.
    """
    spoken = row.spoken_s and not short
    parts = [texts("monitor.spoke", time=seconds_text(texts, row.spoken_s))] if spoken else []
    for span in row.spans:
        time = seconds_text(texts, span.end_s - span.start_s)
        if span.stage is UtteranceStage.DECODED and row.host:
            parts.append(texts("monitor.did-decode-on", time=time, host=row.host))
        elif span.stage is UtteranceStage.DECODED:
            parts.append(texts("monitor.did-decode", time=time))
        elif span.end_s - span.start_s >= _SHORTEST_S and not (short and span.stage in _ON_THE_WAY):
            parts.append(texts(_DID[span.stage], time=time))
    if row.reason:
        parts.append(texts("monitor.did-fail", code=row.reason))
    return joined(*parts)


def who_text(texts: Texts, row: UtteranceRow) -> str:
    """Return the speaker of an utterance: this app, or another session."""
    return texts("monitor.own") if row.own else texts("monitor.somebody", session=row.session[:4])


def time_text(row: UtteranceRow) -> str:
    """Return the local time of an utterance's last word."""
    return datetime.fromtimestamp(row.at_s).strftime("%H:%M:%S")


def row_text(texts: Texts, row: UtteranceRow) -> str:
    """Return all values of an utterance as text for screen readers."""
    who, state = who_text(texts, row), state_text(texts, row.state)
    return texts("monitor.row", time=time_text(row), who=who, state=state, story=stages_text(texts, row))
