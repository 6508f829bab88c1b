"""What tests of figures share."""

from collections.abc import Iterator

import pytest

from goalsplice.analysis import over_seeds, statistics


@pytest.fixture(scope="module", autouse=True)
def few_resamples() -> Iterator[None]:
    """Intervals of synthetic tables are drawn, not read: they need not be exact, which takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (over_seeds, statistics):
            patch.setattr(module, "_RESAMPLES", 200)
        yield
