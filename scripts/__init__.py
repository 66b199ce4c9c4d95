"""Set-up, releases, pictures and checks of this repository; not part of an installation."""
