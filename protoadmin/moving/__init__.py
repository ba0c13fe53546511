"""Moves everything from SQLite to PostgreSQL, and makes backups of SQLite."""
