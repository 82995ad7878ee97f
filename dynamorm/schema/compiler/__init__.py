"""One generated Python function for each schema and direction, with no step between wire and instance.

An adapter describes its schemas in the words of :mod:`~dynamorm.schema.compiler.layouts`, and may do so by the walk of
``describing``.  ``structs`` makes the types by which items are decoded, ``loading`` and ``dumping`` write the
functions, ``parts`` those for single values, and ``compiled`` keeps them.  ``given`` makes use of them for what
programs give, ``stored_items`` for what is stored, and ``report`` says what was compiled and what not.
"""

from .compiled import Compiled, Receive, TakesGiven
from .layouts import SchemaLayout
from .loading import Besides
from .report import COMPILED, CONVERTED, CompilationReport, Direction

__all__ = [
    "COMPILED",
    "CONVERTED",
    "Besides",
    "CompilationReport",
    "Compiled",
    "Direction",
    "Receive",
    "SchemaLayout",
    "TakesGiven",
]
