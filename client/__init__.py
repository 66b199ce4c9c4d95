"""The gateway client as a library: a pure session state and a thin aiohttp shell.

``session`` decides what to send and what an answer means; ``gateway`` connects, sends and receives;
``audio_store`` holds what was said until it has been recognised.
"""
