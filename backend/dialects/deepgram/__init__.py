"""Deepgram's API for speech: ``/v1/listen``, live and for files."""
