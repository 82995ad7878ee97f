"""The tests whose bodies the awaited face runs too: which there are, and which of them cannot be among them.

They are there twice under the same names, and are told apart by the parameter ``face``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from zlib import crc32

import pytest

from ..libraries import LIBRARIES
from .adapter import awaited_face

# The modules of tests that read and write. Where schemas matter most, each test is run for all libraries.
OF_ALL_LIBRARIES = (
    "reading.test_get",
    "reading.test_projections",
    "reading.test_refused_items",
    "writing.test_deletes",
    "writing.test_overriding",
    "writing.test_syncs",
    "writing.test_whole_items",
)
# Elsewhere, each is dealt to one library, and of those with many sets of parameters an eighth is run.
OF_ONE_LIBRARY = (
    "composites.test_writes",
    "many.test_batches",
    "many.test_concurrent_reads",
    "reading.test_boto3_arguments",
    "reading.test_cursors",
    "reading.test_hydration",
    "reading.test_index_choice",
    "reading.test_iterating",
    "reading.test_key_conditions",
    "reading.test_made_by_hand",
    "reading.test_multi_attribute_keys",
    "reading.test_pages",
    "reading.test_paging_back",
    "reading.test_positions",
    "reading.test_queries",
    "reading.test_rate_limits",
    "reading.test_reading_ahead",
    "reading.test_scans",
    "relationships.test_agreeing",
    "relationships.test_multi_attribute_keys",
    "relationships.test_reading_along",
    "relationships.test_saving",
    "relationships.test_to_many",
    "relationships.test_to_one",
    "relationships.test_together",
    "together.test_batch_reports",
    "together.test_batch_writer",
    "together.test_batches_of_versions",
    "together.test_batches_under_faults",
    "together.test_hindered_transactions",
    "together.test_several",
    "together.test_transactions",
    "upkeep.test_write_paths",
    "writing.test_boto3_arguments",
    "writing.test_changes_in_flight",
    "writing.test_conditions",
    "writing.test_creating",
    "writing.test_fragments",
    "writing.test_guards",
    "writing.test_increments",
    "writing.test_keys_in_other_forms",
    "writing.test_keys_left_out",
    "writing.test_matched_items",
    "writing.test_moving",
    "writing.test_nothing_is_erased",
    "writing.test_numbers_stored_as_text",
    "writing.test_partial_saves",
    "writing.test_places",
    "writing.test_update_answers",
    "writing.test_updates",
    "writing.test_upserts",
    "writing.test_validators_that_change_values",
)
MANY = 3  # so many sets of parameters

_THREADS = "its receivers wait for each other, each in a thread of its own"
_NAMES = "it tells threads by their names, or waits for their end"
_FORK = "a forked child has no event loop"
_LAZY = "its receiver asks for a relationship that is not loaded, which has to be awaited there"
_LONG = "it takes seconds, and what takes them is not the driver"
LEFT_OUT = {
    "many.test_concurrent_reads": {
        "test_an_error_carries_all_that_was_read_and_all_that_was_not": _THREADS,
        "test_as_many_requests_as_were_asked_for_are_under_way": _THREADS,
    },
    "reading.test_cursors": {
        "test_anything_given_as_a_cursor_is_its_key_or_an_invalid_cursor": _LONG,
        "test_pages_refuse_anything_else_before_asking": _LONG,
    },
    "reading.test_paging_back": {
        "test_pages_are_what_a_list_of_the_items_says": _LONG,
        "test_the_way_back_shows_the_same_pages": _LONG,
    },
    "reading.test_reading_ahead": {
        "test_figures_are_those_of_the_pages_that_were_taken": _NAMES,
        "test_one_page_is_asked_for_while_the_one_before_is_gone_through": _NAMES,
        "test_what_goes_wrong_ahead_goes_wrong_where_it_would_have_been_met": _NAMES,
        "test_its_former_name_is_kept": _NAMES,
    },
    "reading.test_scans": {
        "test_parallel_segments_are_read_at_the_same_time_in_copies_of_the_callers_context": _THREADS,
        "test_a_parallel_scan_that_is_left_early_ends_its_threads": _NAMES,
        "test_a_parallel_scan_reads_no_further_ahead_than_it_has_threads": _NAMES,
    },
    "together.test_batch_reports": {"test_a_forked_child_is_told_that_it_lost_what_was_under_way": _FORK},
    "together.test_batches_under_faults": {"test_any_number_streams_through_in_memory_that_stays_bounded": _LONG},
    "together.test_hindered_transactions": {
        "test_throttling_of_the_whole_request_is_the_connections_business": _LONG,
    },
    "together.test_batch_writer": {"test_requests_hold_no_more_than_sixteen_megabytes": _LONG},
    "writing.test_creating": {"test_of_many_at_once_one_makes_the_item_and_all_others_get_it": _THREADS},
    "writing.test_matched_items": {
        "test_as_many_writes_as_were_asked_for_are_under_way": _THREADS,
        "test_the_first_error_by_position_is_raised_after_those_under_way_have_ended": _THREADS,
    },
    "writing.test_moving": {
        "test_a_partner_that_was_changed_is_not_forgotten": _LAZY,
        "test_of_an_item_too_wide_to_be_compared_the_version_alone_answers": _LONG,
    },
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the tests of these modules be there twice, as far as they can be."""
    module = metafunc.module.__name__.removeprefix("tests.")
    if module not in OF_ALL_LIBRARIES + OF_ONE_LIBRARY:
        return
    if metafunc.definition.originalname not in LEFT_OUT.get(module, {}):
        awaited = pytest.param("awaited", marks=pytest.mark.slow)
        metafunc.parametrize("face", ["blocking", awaited], indirect=True, scope="module")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what would take too long; ``make test-long`` leaves nothing out."""
    if config.getoption("hypothesis_profile", None) == "long":
        return
    awaited = {item: _parameters(item) for item in items if _parameters(item).get("face") == "awaited"}
    sets: Counter[str] = Counter(_sort_of(item, parameters) for item, parameters in awaited.items())
    left = [item for item, of in awaited.items() if _is_too_much(item, of, sets[_sort_of(item, of)] > MANY)]
    if left:
        config.hook.pytest_deselected(items=left)
        gone = set(left)
        items[:] = [item for item in items if item not in gone]


def _parameters(item: pytest.Item) -> dict[str, object]:
    return item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}


def _sort_of(item: pytest.Item, parameters: dict[str, object]) -> str:
    """Return what the sets of parameters of one test have in common, the library included."""
    return f"{item.nodeid.partition('[')[0]} {parameters.get('library')}"


def _is_too_much(item: pytest.Item, parameters: dict[str, object], has_many: bool) -> bool:
    """Return whether a test is not for this library, or not for this set of parameters."""
    assert isinstance(item, pytest.Function)
    library = parameters.get("library")
    names = [*LIBRARIES]
    # by what differs between neither libraries nor runs
    dealt = crc32(item.nodeid.replace(str(library), "").encode()) % len(names)
    if library is None or item.module.__name__.removeprefix("tests.") in OF_ALL_LIBRARIES:
        return has_many and dealt > 0
    return library != names[dealt] or (has_many and crc32(item.nodeid.encode()) % 16 > 0)


@pytest.fixture(scope="module", autouse=True)
def face(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which face carries out the verbs of a test: ``blocking`` or ``awaited``."""
    chosen: str = getattr(request, "param", "blocking")
    if chosen == "blocking":
        yield chosen
        return
    with awaited_face():
        yield chosen
