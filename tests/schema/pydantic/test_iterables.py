"""Fields of type ``Iterable`` hold lists, which can be gone through more than once."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import pytest

pytest.importorskip("pydantic")

import pydantic

from dynamorm import DynaModel

from .declared import adapt


class Inner(pydantic.BaseModel):
    parts: Iterable[int] = ()


class Report(DynaModel):
    class Table:
        name = "reports"
        hash_key = "id"

    class Schema:
        id: str
        lines: Iterable[int] = ()
        steps: Generator[str, None, None] | None = None
        inner: Inner | None = None
        matrix: list[Iterable[int]] | None = None
        year: int = 1


def mapper() -> Any:
    return Report._dynamorm.store.mapper


WIRE = {
    "id": {"S": "1"},
    "lines": {"L": [{"N": "1"}, {"N": "2"}]},
    "steps": {"L": [{"S": "a"}]},
    "inner": {"M": {"parts": {"L": [{"N": "3"}]}}},
    "matrix": {"L": [{"L": [{"N": "4"}]}]},
    "year": {"N": "1"},
}


def given() -> dict[str, Any]:
    return {
        "id": "1",
        "lines": (number for number in (1, "2")),
        "steps": iter(["a"]),
        "inner": {"parts": (3,)},
        "matrix": [iter([4])],
    }


@pytest.mark.parametrize(
    "make",
    [
        lambda: Report(**given()),
        lambda: Report.from_item(WIRE),
        lambda: Report.new_from_raw({**given(), "year": 1}),
    ],
    ids=["given", "read", "raw"],
)
def test_hold_lists_that_are_stored_time_and_again(make: Any) -> None:
    report = make()
    assert (report.lines, report.steps, report.inner.parts, report.matrix) == ([1, 2], ["a"], [3], [[4]])
    for _ in range(2):
        assert report.to_item() == WIRE
    assert report.to_dict()["lines"] == [1, 2]
    report.validate()
    assert report.to_item() == WIRE


def test_are_stored_by_puts() -> None:
    assert mapper().wire_of_new(given()) == WIRE
    adapter = mapper().adapter
    assert mapper().encoded(adapter.dump(adapter.natives_of_whole(given()))) == WIRE


def test_are_compared_as_lists() -> None:
    assert mapper().resolver.lookup("lines", iter([1, 2])).operands == (WIRE["lines"],)
    assert mapper().resolver.lookup("lines__contains", 1).operands == ({"N": "1"},)


def test_a_generator_is_gone_through_once_whatever_way_values_take() -> None:
    class Schema(pydantic.BaseModel):
        lines: list[int]
        inner: Inner

    adapter = adapt(Schema)
    # an instance of a stranger's is what the quick way stumbles over
    natives = adapter.natives_of_given({"lines": (one for one in "12"), "inner": {"parts": iter([5]), "more": None}})
    assert natives["lines"] == [1, 2] and natives["inner"].parts == [5]
