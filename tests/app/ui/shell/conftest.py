from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests.app.ui.runtime import Runtime


@pytest.fixture
def runtime(qtbot: QtBot) -> Iterator[Runtime]:
    found = Runtime(qtbot)
    yield found
    found.close()
