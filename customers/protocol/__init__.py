"""Customers of Protocol projects (seed 002): pulled, found, created, renamed and deleted."""
