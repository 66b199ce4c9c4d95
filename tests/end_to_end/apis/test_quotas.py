"""The limit of a key's streams holds over all APIs together, and each refuses as its clients expect."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from backend.devices.records import DeviceStore
from protocol.devices import DeviceKind
from protocol.endpoint import Endpoint
from tests.end_to_end.apis.test_kills import SPOKEN
from tests.helpers.api_speakers import APIS, ApiFailed, openai_translation
from tests.helpers.chain import running_chain
from tests.helpers.translating_engine import ENGINE
from tests.helpers.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
ALL = {**APIS, "translation": openai_translation}
REFUSED = dict.fromkeys(("openai", "openai stream", "translation"), "status 429 busy")


async def refused(endpoint: Endpoint) -> dict[str, str]:
    """Speak through every API, and return the errors."""
    errors = {}
    for name, speak in ALL.items():
        with pytest.raises(ApiFailed) as caught:
            await speak(endpoint, SPOKEN, asyncio.Event())
        errors[name] = str(caught.value)
    return errors


async def test_streams_of_a_key_are_limited_over_all_apis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    device, key = DeviceStore(tmp_path / "home" / "data" / "devices.json").add("a phone", DeviceKind.CLIENT, 0)
    with running_chain(tmp_path) as chain:
        chain.configure("streams_per_key = 2\nearlier_protocol = true\n")
        _, mine = chain.gateway()
        chain.worker("--engine", ENGINE)
        phone = Endpoint(mine.url, key, mine.pid)

        async def streams() -> bool:
            headers = {"Authorization": f"Bearer {mine.key}"}
            async with http.get(f"{mine.url}/v1/devices", headers=headers) as answer:
                listed = {one["id"]: one["streams"] for one in (await answer.json())["devices"]}
            return bool(listed[device.id] == open_streams)

        async def worker_is_there() -> bool:
            headers = {"Authorization": f"Bearer {mine.key}"}
            async with http.get(f"{mine.url}/v1/models", headers=headers) as answer:
                return any(model["translates"] for model in (await answer.json())["models"])

        async with aiohttp.ClientSession() as http:
            await wait_until(worker_is_there, "a worker that translates is there")
            async with AsyncExitStack() as stack:
                for open_streams, path in enumerate(("/v1/funasr", "/v1/realtime"), 1):
                    opening = http.ws_connect(mine.url + path, headers={"Authorization": f"Bearer {key}"})
                    socket = await stack.enter_async_context(opening)
                    if path == "/v1/funasr":
                        await socket.send_bytes(SPOKEN[:16_000].tobytes())
                    else:
                        await socket.send_json({"type": "input_audio_buffer.append", "audio": "AAAA"})
                    await wait_until(streams, f"{open_streams} streams are counted")
                errors = await refused(phone)
                assert {name: errors[name] for name in REFUSED} == REFUSED
                assert all("429" in error or "streams open" in error for error in errors.values()), errors
            open_streams = 0
            await wait_until(streams, "the streams are over")
        for name, speak in ALL.items():
            assert await speak(phone, SPOKEN, asyncio.Event()), name
