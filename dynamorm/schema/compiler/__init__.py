"""One generated Python function for each schema and direction, with no step between wire and instance.

An adapter describes its schemas in the words of :mod:`~dynamorm.schema.compiler.plans`; ``loading`` and ``dumping``
write the functions, ``compiled`` keeps them; ``packing`` says what instances keep of their items.
"""

from .compiled import COMPILED, CONVERTED, Account, Compiled, Direction
from .loading import Receive
from .plans import SchemaPlan

__all__ = ["COMPILED", "CONVERTED", "Account", "Compiled", "Direction", "Receive", "SchemaPlan"]
