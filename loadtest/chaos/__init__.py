"""``chaos``: processes, networks, disks and clocks that fail by plan while people speak."""
