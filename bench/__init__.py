"""Measurements: what the product costs, and how well it finds what is planted."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the product's own processes set it
