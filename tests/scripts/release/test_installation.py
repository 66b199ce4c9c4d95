from pathlib import Path

import pytest

from scripts.release.errors import Refusal, ReleaseRefused
from scripts.release.installation import install_wheel


def test_install_wheel_wants_the_wheel_first(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="build `wheels` first") as refused:
        install_wheel(tmp_path / "constraints.txt", tmp_path, "0.1.0", tmp_path / "environment")
    assert refused.value.kind is Refusal.BUILD_FAILED
