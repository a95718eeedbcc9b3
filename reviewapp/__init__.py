"""The Django project and every HTTP surface of Reviewapp."""

from reviewapp.celery import app as celery_app

__all__ = ["celery_app"]
