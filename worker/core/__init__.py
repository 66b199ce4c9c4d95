"""Jobs, placement, pace and errors: data and pure functions of all packages of the worker."""
