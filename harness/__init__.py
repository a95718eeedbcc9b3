"""Bundles, containers and checks: plain Python that knows no Django, database or Celery."""
