"""The operator's load and chaos tool."""
