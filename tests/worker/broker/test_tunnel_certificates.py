"""Worker behind a gateway whose certificate this computer must trust."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.http.certificates import own_certificate, server_context
from tests.helpers.certificates import dated_certificate, trust
from tests.helpers.ports import free_port
from tests.helpers.tunnel import OWNER_KEY, tunnelling
from tests.helpers.valkey import Broker
from tests.worker.broker.test_tunnel import jobs_through, until_there
from worker.core.errors import BrokerRefused, BrokerUnavailable

DAY = timedelta(days=1)


@pytest.mark.parametrize(("days", "said"), [(-10, "has expired"), (10, "is not valid yet")])
async def test_worker_waits_for_certificate_that_is_out_of_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: Broker, days: int, said: str
) -> None:
    """The clock of a computer may be set only after its worker has started."""
    middle = datetime.now(UTC) + timedelta(days=days)
    certificate = dated_certificate(tmp_path, middle - DAY, middle + DAY)
    trust(certificate, monkeypatch)
    async with (
        tunnelling(broker.url, tmp_path, server_context(certificate)) as gateway,
        jobs_through(gateway.url, OWNER_KEY) as jobs,
    ):
        with pytest.raises(BrokerUnavailable, match=f"{said}.*set this computer's clock"):
            await jobs.check()


async def test_certificate_for_another_host_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: Broker
) -> None:
    now = datetime.now(UTC)
    certificate = dated_certificate(tmp_path, now - DAY, now + DAY)
    trust(certificate, monkeypatch)
    async with (
        tunnelling(broker.url, tmp_path, server_context(certificate)) as gateway,
        jobs_through(gateway.url.replace("127.0.0.1", "localhost"), OWNER_KEY) as jobs,
    ):
        with pytest.raises(BrokerRefused, match="does not name localhost"):
            await jobs.check()


async def test_worker_waits_for_trusted_certificate_after_first_contact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: Broker
) -> None:
    now, port = datetime.now(UTC), free_port()
    certificate = dated_certificate(tmp_path, now - DAY, now + DAY)
    trust(certificate, monkeypatch)
    tls, stranger = server_context(certificate), server_context(own_certificate(tmp_path / "stranger"))
    async with jobs_through(f"wss://127.0.0.1:{port}", OWNER_KEY) as jobs:
        async with tunnelling(broker.url, tmp_path, tls, port):
            await until_there(jobs)
        async with tunnelling(broker.url, tmp_path / "other", stranger, port):
            with pytest.raises(BrokerUnavailable, match="does not trust"):
                await jobs.check()
        async with tunnelling(broker.url, tmp_path, tls, port):
            await until_there(jobs)
