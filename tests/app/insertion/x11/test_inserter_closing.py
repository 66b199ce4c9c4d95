"""The end of an insertion while its last text is still being inserted."""

import threading
from typing import Any, cast
from unittest.mock import Mock

import pytest

from app.insertion.x11 import inserter as module
from app.insertion.x11.inserter import X11Inserter
from app.x11.connection import XThread
from tests.helpers.desktop import Desktop
from tests.helpers.waiting import DEADLINE_S


async def test_resources_are_restored_although_the_last_text_took_longer_than_expected(
    screen: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CLOSE_S", 0.01)
    inserted, strategies = threading.Event(), Mock()

    class Queries(XThread):
        async def close(self) -> None:
            inserted.set()  # only now: the time to restore is over
            await super().close()

    async with Queries(screen.display) as queries, XThread(screen.display) as works:
        works.submit(lambda _: inserted.wait(DEADLINE_S))
        await X11Inserter(queries, works, cast(Any, (Mock(), Mock(), strategies))).close()
    strategies.close.assert_called_once()
