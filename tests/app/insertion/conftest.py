"""One screen for all tests of this folder that need one."""

from collections.abc import Iterator

import pytest

from tests.helpers.desktop import Desktop, running_desktop


@pytest.fixture(scope="package")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with running_desktop(tmp_path_factory.mktemp("screen"), tray=False) as desktop:
        yield desktop
