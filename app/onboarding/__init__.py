"""The first steps and their trials of microphone and gateway."""
