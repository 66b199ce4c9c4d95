"""Dashboard of a gateway for any browser that can reach it."""
