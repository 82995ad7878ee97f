import pytest

for _module in ("looks", "machine", "moves_of_instances"):
    pytest.register_assert_rewrite(f"{__name__}.{_module}")
