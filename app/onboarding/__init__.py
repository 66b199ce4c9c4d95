"""The first steps, and the trial of the microphone."""
