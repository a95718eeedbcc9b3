"""The Django project and every HTTP surface of Reviewapp."""

import os

# Before numpy is imported: its matrices are small here, and a second thread costs more in waiting than it brings.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from reviewapp.celery import app as celery_app

__all__ = ["celery_app"]
