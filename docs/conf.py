"""Sphinx's settings; ``make docs`` turns every warning into an error."""

import dynamorm

project = "DynamORM"
author = "the DynamORM developers"
release = dynamorm.__version__
version = ".".join(release.split(".")[:2])

extensions = ["sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"DynamORM {release}"

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

# Names that are documented elsewhere, where a build without a network cannot look them up.
nitpick_ignore_regex = [
    ("py:.*", r"(boto3|botocore|blinker|marshmallow|schematics|pydantic|pytest|six)\b.*"),
    ("py:.*", r"(collections|concurrent|contextlib|datetime|decimal|enum|os|pathlib|types|typing|uuid)\..*"),
    ("py:class", r"(int|str|float|bool|bytes|list|dict|set|tuple|type|object|None|Any|Callable|Iterable)"),
    ("py:class", r"Query"),  # an alias that signatures of relationships show
    ("py:class", r"dynamorm\.reading\.iteration\.Model"),  # the type variable of pages
    ("py:exc", r"[A-Z][A-Za-z]*(Error|Exception|Iteration)"),
]
