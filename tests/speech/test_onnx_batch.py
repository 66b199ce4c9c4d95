"""A model for one stream takes several, with the same numbers; data that is no model is refused."""

from pathlib import Path

import pytest

from speech.onnx_batch import free_batch_dimension


def test_only_first_dimensions_change(models: Path) -> None:
    model = (models / "fsmn-vad" / "model.onnx").read_bytes()
    changed = free_batch_dimension(model)
    assert len(changed) == len(model)
    differing = [at for at in range(len(model)) if model[at] != changed[at]]
    assert {changed[at] for at in differing} == {0x12, 0x00} and len(differing) == 2 * 10  # five in, five out
    assert free_batch_dimension(changed) == changed


@pytest.mark.parametrize("data", [b"\xff", b"\x3a\x7f", b"\x3b\x00", b"this is no model"])
def test_data_that_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no ONNX model"):
        free_batch_dimension(data)
