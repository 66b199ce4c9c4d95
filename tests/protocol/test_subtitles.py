"""Subtitle files from texts with times."""

from protocol.subtitles import Cue, srt, vtt

CUES = (Cue(0, 1_500, " one\n\n two  three"), Cue(2_000, 2_000, "a < b --> c & d"), Cue(3_000, 4_000, " \n "))
LATE = Cue(3_661_007, 3_662_000, "三")


def test_subrip_numbers_only_cues_with_text_and_extends_empty_durations() -> None:
    assert srt(CUES) == (
        "1\n00:00:00,000 --> 00:00:01,500\none\ntwo three\n\n2\n00:00:02,000 --> 00:00:02,001\na < b --> c & d\n"
    )
    assert srt((LATE,)) == "1\n01:01:01,007 --> 01:01:02,000\n三\n"
    assert srt(()) == ""


def test_webvtt_escapes_markup_and_timing_arrows() -> None:
    assert vtt(CUES) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\none\ntwo three\n\n"
        "00:00:02.000 --> 00:00:02.001\na &lt; b --&gt; c &amp; d\n"
    )
    assert vtt(()) == "WEBVTT\n"
