"""Whisper: windows as short as their audio, and what Whisper leaves out of them (decision 0037)."""
