"""Conversations of a helpdesk account with visitors, mirrored: their list, and their pages."""
