"""One generated Python function for each schema and direction, with no step between wire and instance.

An adapter describes its schemas in the words of :mod:`~dynamorm.schema.compiler.layouts`; ``loading`` and ``dumping``
write the functions, ``parts`` those for single values, and ``compiled`` keeps them.  ``given`` makes use of them for
what programs give, ``packing`` says what instances keep of their items, and ``report`` what was compiled and what not.
"""

from .compiled import Compiled, TakesGiven
from .layouts import SchemaLayout
from .loading import Receive
from .report import COMPILED, CONVERTED, CompilationReport, Direction

__all__ = [
    "COMPILED",
    "CONVERTED",
    "CompilationReport",
    "Compiled",
    "Direction",
    "Receive",
    "SchemaLayout",
    "TakesGiven",
]
