"""First steps of a new user, and the trial of the microphone."""
