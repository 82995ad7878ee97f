"""Those who are measured: a module each, with a class ``Contender``.

The modules know nothing of how they are measured, and import nothing but what they need, since the time that takes is
measured as well.
"""
