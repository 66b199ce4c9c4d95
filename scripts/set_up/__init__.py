"""Set up a bare checkout: system packages, virtual environments, pins. Standard library only."""
