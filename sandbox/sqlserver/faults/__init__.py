"""Faults on demand, for tests: what a network or a busy server does to a client, at a chosen moment."""
