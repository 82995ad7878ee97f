"""Pages to be written in batches, and what came of them."""

from __future__ import annotations


def pages(count, isbn="1"):
    return [{"isbn": isbn, "number": number} for number in range(count)]


def numbers(model):
    return sorted(one.number for one in model.scan())


def batches(sent):
    """How many requests there are for each table in each batch that was sent."""
    return [
        [len(entries) for entries in request.payload["RequestItems"].values()]
        for request in sent
        if request.operation == "BatchWriteItem"
    ]
