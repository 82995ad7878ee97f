"""The two forms of the property tests: the same examples every time, or many others that follow from a seed."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

# Nothing is remembered from one run to the next, and nothing fails because a machine is slow.  What differs between the
# two forms is said of both: where the environment has CI in it, Hypothesis begins with other defaults.
SHARED = settings(database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = 2_000

settings.register_profile("quick", SHARED, derandomize=True, max_examples=100)
settings.register_profile("long", SHARED, derandomize=False, max_examples=LONG, print_blob=True)
settings.load_profile("quick")

# Hypothesis likes to draw constants that stand in the source of the modules imported so far, so that a test would see
# other examples alone than among others.
assert callable(providers._get_local_constants)
providers._get_local_constants = lambda: providers._local_constants


def examples(*, quick: int, long: int) -> int:
    """Return how many examples a property is tried on in the form of this run."""
    return long if settings.default.max_examples >= LONG else quick
