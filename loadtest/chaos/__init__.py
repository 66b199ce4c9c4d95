"""``chaos``: processes, networks, disks and clocks fail by plan while simulated people speak."""
