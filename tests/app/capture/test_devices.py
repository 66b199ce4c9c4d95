"""Choosing a microphone by its name."""

from dataclasses import replace

import pytest

from app.capture.devices import Input, chosen, matching, ranked_devices, with_distinct_names
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
def test_microphone_is_chosen_by_name_or_part_of_it(choice: str, index: int) -> None:
    assert chosen(INPUTS, choice).index == index


def test_best_windows_interface_is_preferred() -> None:
    """The oldest interface also truncates names to 31 characters."""
    inputs = [
        device(0, "Microphone (Yeti Nano)", "MME"),
        device(1, "Microphone (Yeti Nano)", "Windows DirectSound"),
        device(2, "Microphone (Yeti Nano)", "Windows WASAPI"),
        device(3, "Microphone (Yeti Nano)", "Windows WDM-KS"),
    ]
    assert chosen(inputs, "yeti").index == 2
    assert chosen(inputs, "yeti nano), mme").index == 0
    assert ranked_devices(inputs)[0].index == 2


def test_missing_microphone_error_lists_the_present_ones() -> None:
    with pytest.raises(MicrophoneNotFound, match=r"'webcam': connect it, or choose one of HDA Intel.*default"):
        chosen(INPUTS, "webcam")
    assert matching(INPUTS, "webcam") is None


@pytest.mark.parametrize("choice", ["", "yeti"])
def test_error_advises_to_plug_one_in_when_no_microphone_exists(choice: str) -> None:
    with pytest.raises(NoMicrophone, match="connect one"):
        chosen([], choice)
    with pytest.raises(NoMicrophone):
        ranked_devices([])


def test_error_asks_for_a_choice_when_there_is_no_default() -> None:
    with pytest.raises(NoMicrophone, match="no default microphone: choose one of HDA"):
        chosen(INPUTS[:2], "")


def test_default_microphone_is_listed_first() -> None:
    assert [device.index for device in ranked_devices(INPUTS)] == [2, 0, 1, 3]


def source(index: int, key: str, name: str, default: bool = False) -> Input:
    return Input(index, name, "PulseAudio", 2, 48_000, default, key, key.endswith(".monitor"))


SOURCES = [
    source(0, "out.monitor", "Monitor of Built-in Audio"),
    source(1, "alsa_input.pci", "Built-in Audio", default=True),
    source(2, "alsa_input.usb-A", "USB Microphone"),
]


def test_source_is_chosen_by_its_key_when_numbers_and_names_change() -> None:
    renumbered = [replace(one, index=one.index + 7, name=f"{one.name} *") for one in reversed(SOURCES)]
    assert chosen(renumbered, "alsa_input.usb-A").index == 9
    assert SOURCES[2].choice == "alsa_input.usb-A" and INPUTS[1].choice == INPUTS[1].name


@pytest.mark.parametrize("choice", ["default", "pulse"])
def test_alsa_names_of_the_default_choose_the_default_source(choice: str) -> None:
    assert chosen(SOURCES, choice) == SOURCES[1]


def test_monitor_is_neither_listed_nor_matched_by_part_of_its_name() -> None:
    assert ranked_devices(SOURCES) == SOURCES[1:]
    assert chosen(SOURCES, "built-in") == SOURCES[1]
    assert matching(SOURCES, "monitor") is None
    with pytest.raises(NoMicrophone):
        ranked_devices(SOURCES[:1])


@pytest.mark.parametrize("choice", ["out.monitor", "monitor of built-in audio"])
def test_monitor_is_listed_when_it_is_chosen(choice: str) -> None:
    assert chosen(SOURCES, choice) == SOURCES[0]
    assert SOURCES[0] in ranked_devices(SOURCES, choice)


def test_equal_source_names_are_numbered_independent_of_order() -> None:
    twins = [source(5, "b", "USB Microphone"), source(6, "a", "USB Microphone"), source(7, "c", "Other")]
    names = {one.key: one.name for one in with_distinct_names(twins)}
    assert names == {"a": "USB Microphone", "b": "USB Microphone (2)", "c": "Other"}
    assert {one.key: one.name for one in with_distinct_names(twins[::-1])} == names
