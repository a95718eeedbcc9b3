"""Random tables of ratings, with missing ones."""

import numpy as np
from hypothesis import strategies as st

from annotations.agreement.statistics.ratings import MISSING, Ratings


def random_ratings(seed: int) -> Ratings:
    """3 to 60 items, 2 to 6 raters, 2 to 6 values, up to half of the ratings missing, some agreement."""
    random = np.random.default_rng(seed)
    items, raters, values = random.integers(3, 61), random.integers(2, 7), random.integers(2, 7)
    truth = random.integers(values, size=(items, 1))
    noise = random.integers(values, size=(items, raters))
    codes = np.where(random.random((items, raters)) < random.random(), truth, noise)
    codes[random.random((items, raters)) < random.random() / 2] = MISSING
    return Ratings(codes, tuple(range(1, int(values) + 1)))


@st.composite
def ratings(draw: st.DrawFn) -> Ratings:
    """Any small table, also empty, constant or full of holes."""
    values = draw(st.integers(2, 5))
    raters = draw(st.integers(1, 5))
    row = st.lists(st.integers(MISSING, values - 1), min_size=raters, max_size=raters)
    rows = draw(st.lists(row, max_size=25))
    return Ratings(np.array(rows, dtype=np.intp).reshape(len(rows), raters), tuple(range(1, values + 1)))
