"""Facts about the computer: sleep, battery, full screen, autostart."""
