"""The read API that this product serves, and its keys."""
