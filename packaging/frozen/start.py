"""Entry of the self-contained folder; what it does is in runtime/bundle.py."""

from runtime.bundle import start

start()
