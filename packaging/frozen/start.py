"""Entry point of the self-contained folder; see ``runtime/bundle.py``."""

from runtime.bundle import start

start()
