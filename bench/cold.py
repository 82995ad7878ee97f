"""A process that defines five models and reads one item; what that takes is measured from outside."""

from __future__ import annotations

import sys
from importlib import import_module

from .items import KINDS, MAIN, Sizes


def main() -> None:
    name, endpoint = sys.argv[1:]
    module, _, variant = name.partition(":")
    contender = import_module(f"bench.contenders.{module}").Contender
    shared = contender.open(endpoint, variant)
    made = {kind.name: contender(shared, kind, Sizes()) for kind in KINDS.values()}
    made[MAIN].get()
