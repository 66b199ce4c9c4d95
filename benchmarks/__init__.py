"""Measurements that answer one question each, and the answers that decisions rest on."""
