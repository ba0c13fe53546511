"""Conversations, messages and transcripts to take along."""
