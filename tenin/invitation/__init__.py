"""Invitations to chat: who is invited when, what came of it, and what difference it makes."""
