"""Test the commands of set-up."""

import pytest

from scripts.set_up.commands import SetUpFailed, call


def test_failed_command_is_named() -> None:
    with pytest.raises(SetUpFailed, match="false --now"):
        call("false", "--now")
