"""Vosk's WebSocket protocol: one reply for each piece of audio."""
