"""The earlier server's REST routes of a gateway, with and without a history."""

from pathlib import Path

import aiohttp
import pytest

from backend.history.records import HistoryLimits
from backend.history.settings import history_settings
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from tests.backend.conftest import KEY
from tests.backend.fake_worker import working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


@pytest.mark.parametrize("keeps", [True, False])
async def test_history_is_needed_for_texts_only(broker: Broker, tmp_path: Path, keeps: bool) -> None:
    history = history_settings("on" if keeps else "off", HistoryLimits(), False, tmp_path)
    files = FileSettings(tmp_path / "submitted")
    settings = GatewaySettings(redis=broker.url, key=KEY, earlier_protocol=True, history=history, files=files)
    async with (
        running_gateway(settings) as gateway,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as http,
    ):

        async def status(path: str) -> int:
            async with http.get(f"{gateway.url}/api/v1{path}") as answer:
                return answer.status

        async def opened() -> bool:
            return await status("/history") != 503

        await wait_until(opened, "the history is open")
        paths = ("/history", "/asr/history", "/stats", "/asr/queue/status")
        texts = 200 if keeps else 501
        assert [await status(path) for path in paths] == [texts, texts, texts, 200]


async def test_health_says_whether_speech_can_be_recognised(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, earlier_protocol=True)
    async with running_gateway(settings) as gateway, aiohttp.ClientSession() as http:

        async def status() -> int:
            async with http.get(f"{gateway.url}/api/v1/health") as answer:
                assert (await answer.json())["workers_ready"] == (answer.status == 200)
                return answer.status

        assert await status() == 503
        async with working(broker.url) as worker:
            await worker.announce()

            async def healthy() -> bool:
                return await status() == 200

            await wait_until(healthy, "the worker is known")
