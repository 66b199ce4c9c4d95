"""Tests of the processes of one gateway."""
