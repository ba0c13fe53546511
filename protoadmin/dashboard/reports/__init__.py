"""The reports: figures of a time span, as tiles, charts and tables."""
