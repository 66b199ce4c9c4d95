"""A local port for programs of this computer, which passes their requests on to the chosen gateway."""
