"""The domain: one small Django app per slice."""
