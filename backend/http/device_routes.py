"""The ``/v1/devices`` routes: list, rename and revoke paired devices."""

from aiohttp import web

from backend.admission.quotas import KeyUsage
from backend.devices.records import Device
from backend.http.access import ACCESS, OWNER, Access, admit
from backend.http.responses import json_response, read_json
from protocol.devices import DEVICES_PATH, DeviceKind, DeviceList, DeviceName, DeviceState
from protocol.errors import Forbidden


def device_routes() -> list[web.RouteDef]:
    """Return all routes of this module."""
    one = DEVICES_PATH + "/{id}"
    return [web.get(DEVICES_PATH, _list), web.patch(one, _rename), web.delete(one, _revoke)]


async def _list(request: web.Request) -> web.Response:
    admit(request, OWNER)
    access = request.app[ACCESS]
    devices = (access.owner, *access.roster.devices)
    return json_response(DeviceList(tuple(_state(access, device) for device in devices)))


async def _rename(request: web.Request) -> web.Response:
    admit(request, OWNER)
    access = request.app[ACCESS]
    wanted = await read_json(request, DeviceName)
    return json_response(_state(access, await access.roster.rename(request.match_info["id"], wanted.name)))


async def _revoke(request: web.Request) -> web.Response:
    """Revoke a device: by the owner, or by the device itself when it is given away."""
    who, wanted = admit(request, tuple(DeviceKind)).device, request.match_info["id"]
    if who.kind is not DeviceKind.OWNER and who.id != wanted:
        raise Forbidden("a device may revoke its own key, and no other")
    access = request.app[ACCESS]
    return json_response(_state(access, await access.roster.revoke(wanted)))


def _state(access: Access, device: Device) -> DeviceState:
    usage, elsewhere = access.meter.everywhere(device.id), access.meter.elsewhere.of(device.id)
    return DeviceState(
        id=device.id,
        name=device.name,
        kind=device.kind,
        made_s=device.made_s,
        seen_s=access.roster.seen_s(device, connected=elsewhere.connections > 0),
        connections=access.roster.connections(device) + elsewhere.connections,
        streams=usage.streams,
        requests=usage.requests,
        refused=usage.refused,
        audio_s=round(KeyUsage(audio_bytes=usage.audio_bytes).audio_s, 3),
    )
