"""OpenAPI descriptions of the gateway's other routes. Data."""

from typing import Any, Final

from backend.admission.readiness import Readiness
from backend.rest.operations import JSON, TEXT, Content, Operation, RequiredKey, Tag, answer
from protocol.broker import BROKER_PATH
from protocol.devices import DEVICES_PATH, DeviceKind, DeviceList, DeviceName, DeviceState
from protocol.monitor import DASHBOARD_PATH, EVENT_STREAM, MONITOR_PATH, TIMELINE_PATH, BrokerState, Timeline
from protocol.pairing import PAIR_PATH, PAIRING_PATH, PairAnswer, PairingState, PairingWish, PairRequest
from protocol.rest import OPENAPI_PATH, Health, ModelList, ModelView, WorkerList
from protocol.session import STREAM_PATH

_DEVICE: Final = DEVICES_PATH + "/{id}"
_READY: Final = Readiness(
    ready=True,
    accepting=True,
    reasons=(),
    draining=False,
    broker=BrokerState(True, "9.1.0", True),
    embedded=True,
    durable=True,
    workers=1,
    models=("whisper-base",),
    streams=11.5,
)

STATE: Final = (
    Operation(
        "getHealth",
        "GET",
        "/healthz",
        "Whether the process lives",
        Tag.STATE,
        answer(Health, Health("alive")),
        RequiredKey.NOBODY,
    ),
    Operation(
        "getReadiness",
        "GET",
        "/readyz",
        "Whether speech would be recognised",
        Tag.STATE,
        {200: (Content(JSON, Readiness, _READY),), 503: (Content(JSON, Readiness),)},
        RequiredKey.NOBODY,
    ),
    Operation(
        "getModels",
        "GET",
        "/v1/models",
        "What the fleet can recognise",
        Tag.STATE,
        answer(ModelList, ModelList((ModelView("whisper-base", ("en", "zh")),))),
    ),
    Operation(
        "getWorkers",
        "GET",
        "/v1/workers",
        "Who is in the fleet",
        Tag.STATE,
        answer(WorkerList),
        RequiredKey.EVERYBODY,
    ),
    Operation("getTimeline", "GET", TIMELINE_PATH, "An hour of figures", Tag.STATE, answer(Timeline)),
    Operation(
        "getMetrics",
        "GET",
        "/metrics",
        "Figures for Prometheus",
        Tag.STATE,
        {200: (Content(TEXT, None), Content("application/openmetrics-text", None))},
        more="A device of its own is best for a Prometheus.",
    ),
    Operation(
        "getDashboard",
        "GET",
        DASHBOARD_PATH,
        "A page for people",
        Tag.STATE,
        {200: (Content("text/html", None),), 304: ()},
        RequiredKey.NOBODY,
        more="It has no data: it asks for the key, and for those.",
    ),
    Operation(
        "getDashboardWithSlash",
        "GET",
        DASHBOARD_PATH + "/",
        "Leads to the page",
        Tag.STATE,
        {308: ()},
        RequiredKey.NOBODY,
    ),
    Operation(
        "getDashboardPart",
        "GET",
        DASHBOARD_PATH + "/{name}",
        "What the page is made of",
        Tag.STATE,
        {
            200: tuple(Content(media, None) for media in ("text/css", "text/javascript", "image/svg+xml")),
            304: (),
        },
        RequiredKey.NOBODY,
        errors=(404,),
    ),
    Operation(
        "getOpenApi",
        "GET",
        OPENAPI_PATH,
        "This document",
        Tag.STATE,
        {200: (Content(JSON, dict[str, Any]),)},
        RequiredKey.NOBODY,
    ),
)

DEVICES: Final = (
    Operation(
        "listDevices",
        "GET",
        DEVICES_PATH,
        "Who holds which key",
        Tag.DEVICES,
        answer(DeviceList),
        RequiredKey.OWNER,
    ),
    Operation(
        "renameDevice",
        "PATCH",
        _DEVICE,
        "Name a device",
        Tag.DEVICES,
        answer(DeviceState),
        RequiredKey.OWNER,
        errors=(400, 404, 413),
        body=Content(JSON, DeviceName, DeviceName("Anna's laptop")),
    ),
    Operation(
        "revokeDevice",
        "DELETE",
        _DEVICE,
        "Revoke a key",
        Tag.DEVICES,
        answer(DeviceState),
        RequiredKey.EVERYBODY,
        errors=(404,),
        more="By the owner; a device may revoke its own.",
    ),
    Operation(
        "getPairing",
        "GET",
        PAIRING_PATH,
        "How a pairing stands",
        Tag.DEVICES,
        answer(PairingState),
        RequiredKey.OWNER,
    ),
    Operation(
        "openPairing",
        "POST",
        PAIRING_PATH,
        "Show a code",
        Tag.DEVICES,
        answer(PairingState),
        RequiredKey.OWNER,
        errors=(400, 409, 413),
        body=Content(JSON, PairingWish, PairingWish(DeviceKind.CLIENT), {"kind": {"enum": ["client", "worker"]}}),
        more="409: this gateway is not shared.",
    ),
    Operation(
        "closePairing",
        "DELETE",
        PAIRING_PATH,
        "End a pairing",
        Tag.DEVICES,
        answer(PairingState),
        RequiredKey.OWNER,
    ),
    Operation(
        "pair",
        "POST",
        PAIR_PATH,
        "Get a key, in two steps",
        Tag.DEVICES,
        answer(PairAnswer),
        RequiredKey.NOBODY,
        errors=(400, 403, 409, 413, 507),
        body=Content(JSON, PairRequest),
        more="Over TLS alone. 409, 507: the code was right, but the device cannot be kept.",
    ),
)

STREAMS: Final = (
    Operation(
        "stream",
        "GET",
        STREAM_PATH,
        "A WebSocket that takes speech and gives texts",
        Tag.STREAMS,
        {101: ()},
        errors=(400, 503),
        more="Subprotocol `kikipounamu.v1`, as `kikipounamu` itself speaks it.",
        switching=True,
    ),
    Operation(
        "broker",
        "GET",
        BROKER_PATH,
        "A WebSocket that carries the broker's protocol to a worker",
        Tag.STREAMS,
        {101: ()},
        RequiredKey.WORKERS,
        errors=(400, 503),
        switching=True,
    ),
    Operation(
        "watch",
        "GET",
        MONITOR_PATH,
        "Server-sent events: the live state",
        Tag.STREAMS,
        {200: (Content(EVENT_STREAM, None, "event: snapshot\ndata: {…}\n\n"),)},
        more="`snapshot`, once a second, is a `Snapshot`; `segment` is a `Recent`.",
    ),
)
