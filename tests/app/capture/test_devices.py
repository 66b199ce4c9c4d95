"""Which microphone a name means."""

import pytest

from app.capture.devices import Input, chosen, listed, matching
from app.capture.errors import MicrophoneNotFound, NoMicrophone


def device(index: int, name: str, interface: str = "ALSA", default: bool = False) -> Input:
    return Input(index, name, interface, 2, 48_000, default)


INPUTS = [
    device(0, "HDA Intel PCH: ALC257 Analog (hw:0,0)"),
    device(1, "Yeti Nano: USB Audio (hw:1,0)"),
    device(2, "default", default=True),
    device(3, "default monitor"),
]


@pytest.mark.parametrize(
    ("choice", "index"), [("", 2), ("yeti", 1), ("YETI NANO", 1), ("default", 2), ("monitor", 3), ("alc257", 0)]
)
def test_a_name_or_a_part_of_it_chooses(choice: str, index: int) -> None:
    assert chosen(INPUTS, choice).index == index


def test_the_best_interface_of_windows_is_taken() -> None:
    """Its oldest one also cuts names at 31 characters."""
    inputs = [
        device(0, "Microphone (Yeti Nano)", "MME"),
        device(1, "Microphone (Yeti Nano)", "Windows DirectSound"),
        device(2, "Microphone (Yeti Nano)", "Windows WASAPI"),
        device(3, "Microphone (Yeti Nano)", "Windows WDM-KS"),
    ]
    assert chosen(inputs, "yeti").index == 2
    assert chosen(inputs, "yeti nano), mme").index == 0
    assert listed(inputs)[0].index == 2


def test_what_is_not_there_is_told_with_what_is() -> None:
    with pytest.raises(MicrophoneNotFound, match=r"'webcam': plug it in, or choose one of HDA Intel.*default"):
        chosen(INPUTS, "webcam")
    assert matching(INPUTS, "webcam") is None


@pytest.mark.parametrize("choice", ["", "yeti"])
def test_without_any_the_advice_is_to_plug_one_in(choice: str) -> None:
    with pytest.raises(NoMicrophone, match="plug one in"):
        chosen([], choice)
    with pytest.raises(NoMicrophone):
        listed([])


def test_without_a_default_one_must_be_chosen() -> None:
    with pytest.raises(NoMicrophone, match="no default microphone: choose one of HDA"):
        chosen(INPUTS[:2], "")


def test_the_default_is_listed_first() -> None:
    assert [device.index for device in listed(INPUTS)] == [2, 0, 1, 3]
