"""``kikipounamu serve-api`` serves this computer's gateway, or a paired one, until it is ended."""

import asyncio

import pytest

from app.cli.serve_api_command import serve
from app.core.errors import AppError


async def test_unknown_server_is_told_at_once(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    with pytest.raises(AppError):
        async with asyncio.timeout(30):
            await serve("no such server", 0)
