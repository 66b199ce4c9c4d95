"""The panels for sharing this computer's gateway and lending its worker."""
