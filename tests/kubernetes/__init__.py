"""Tests of what runs the programs in a cluster: containers, the chart, API gateways in front."""
