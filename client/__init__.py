"""Client library for gateways: a pure session state and a thin aiohttp shell.

``session`` decides what to send and interprets the answers; ``gateway`` connects, sends and receives;
``audio_store`` keeps audio until it has been recognised.
"""
