"""Every way in which a read gives its items, for the tests of reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dynamorm.signals import pre_request


def by_id(item: Any) -> Any:
    return item.id


def assert_gives(read: Any, expected: list[Any], name: Callable[[Any], Any] = by_id) -> None:
    """Hold everything that a read can be asked for against the items that it is to give.

    :param expected: the names of the items; those of a query in its order
    """
    is_query = hasattr(type(read), "reverse") and type(read).__name__ != "ScanIterator"
    found = [name(item) for item in read]
    if not is_query:
        assert sorted(found) == sorted(expected)
        expected = found  # in the order in which they come
    assert found == expected
    assert read.count() == len(expected)
    assert read.exists() is bool(expected)
    first = read.first()
    assert (None if first is None else name(first)) == (expected[0] if expected else None)
    assert [name(item) for item in read.read_ahead()] == expected
    for size in (1, 2):
        assert [name(item) for item in read.page_size(size)] == expected
        assert [name(item) for page in read.page_size(size).pages() for item in page.items] == expected
        assert read.page_size(size).count() == len(expected)
    for limit in range(1, len(expected) + 2):
        assert [name(item) for item in read.limit(limit)] == expected[:limit]
        assert read.limit(limit).count() == min(limit, len(expected))
    for size in (1, 2, len(expected) or 1):
        assert_pages(read, expected, size, name, both_ways=is_query)
    if is_query:
        backwards = read.reverse(not read._read.options.reverse)
        assert [name(item) for item in backwards] == expected[::-1]
        assert_pages(backwards, expected[::-1], 2, name, both_ways=True)
    else:
        assert sorted(name(item) for item in read.parallel(3)) == sorted(expected)
        assert read.parallel(3).count() == len(expected)


def assert_pages(read: Any, expected: list[Any], size: int, name: Callable[[Any], Any], *, both_ways: bool) -> None:
    """Hold the pages of a read, and those on the way back, against the items that it is to give."""
    wanted = [expected[start : start + size] for start in range(0, len(expected), size)] or [[]]
    pages = [read.page(size)]
    while pages[-1].next_cursor is not None:
        assert len(pages) < 50
        pages.append(read.page(size, pages[-1].next_cursor))
    assert [[name(item) for item in page.items] for page in pages] == wanted
    if not both_ways:
        return
    assert pages[0].previous_cursor is None
    back = [pages[-1]]
    while back[-1].previous_cursor is not None:
        assert len(back) < 50
        back.append(read.page(size, back[-1].previous_cursor))
    assert [[name(item) for item in page.items] for page in back[::-1]] == wanted


def asking(note: Callable[[Any], None]) -> Any:
    """Return a context in which each request is shown to a function before it is sent."""
    return pre_request.connected_to(lambda sender, request: note(request))
