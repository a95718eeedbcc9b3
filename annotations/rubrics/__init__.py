"""Versioned sets of atomic questions."""
