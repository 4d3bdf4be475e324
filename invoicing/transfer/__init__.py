"""Sending one invoice to KashFlow exactly once: claim, talk, record."""
