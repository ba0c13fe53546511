"""Customers of Protocol projects: pulled, found, created, renamed and deleted."""
