"""Settings that all tests share."""

from hypothesis import settings

# A deadline would fail tests for the machine's sake; `make test-long` asks for the long profile.
settings.register_profile("quick", deadline=None)
settings.register_profile("long", deadline=None, max_examples=2_000)
settings.load_profile("quick")
