import pytest

from loadtest.core.checksum_text import checksum

ONE_SECOND = bytes(range(250)) * 128


@pytest.mark.parametrize(
    "changed", [ONE_SECOND[2:], ONE_SECOND + ONE_SECOND[:2], ONE_SECOND[2:4] + ONE_SECOND[:2] + ONE_SECOND[4:]]
)
def test_checksum_detects_a_lost_doubled_or_moved_sample(changed: bytes) -> None:
    assert checksum(changed) != checksum(ONE_SECOND)
