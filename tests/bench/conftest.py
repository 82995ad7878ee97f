"""Benchmarks configure their whole process, which is that of all other tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynamorm.connection import configuration


@pytest.fixture(autouse=True)
def settings_of_the_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(configuration, "_process_wide", configuration.Settings())
    yield
