"""Schema libraries side by side in one program, and where one is missing."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

from dynamorm import DynaModel, UnknownSchema

from ..libraries import LIBRARIES


@pytest.mark.parametrize("order", list(itertools.permutations(LIBRARIES)))
def test_libraries_live_side_by_side_in_any_order_of_import(order):
    for library in order:
        pytest.importorskip(library)
    declarations = {
        "marshmallow": "from marshmallow import fields\nclass S:\n    id = fields.String()\n",
        "schematics": "from schematics import types\nclass S:\n    id = types.StringType()\n",
        "pydantic": "import pydantic\nclass S(pydantic.BaseModel):\n    id: str = ''\n",
    }
    program = "from dynamorm import DynaModel\nfound = []\n"
    for library in order:
        program += declarations[library] + (
            "class M(DynaModel):\n"
            "    class Table:\n        name = 't'\n        hash_key = 'id'\n"
            "    Schema = S\n"
            "found.append(M.Schema.base_schema_type().__module__.partition('.')[0])\n"
        )
    program += "print(*found)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == list(order)


def test_a_schema_of_two_libraries_is_refused():
    fields = pytest.importorskip("marshmallow.fields")
    types = pytest.importorskip("schematics.types")
    with pytest.raises(UnknownSchema, match="mixes marshmallow and schematics"):

        class Mixed(DynaModel):
            class Table:
                name = "mixed"
                hash_key = "id"

            class Schema:
                id = fields.String()
                other = types.StringType()


def test_without_the_library_of_a_schema_the_message_says_what_to_install():
    program = (
        "import sys\n"
        "for name in ('marshmallow', 'schematics', 'pydantic'): sys.modules[name] = None\n"
        "import importlib.util as u\n"
        "from dynamorm import DynaModel, DynamoException\n"
        "class Plain:\n"
        "    id = object()\n"
        "try:\n"
        "    table = type('Table', (), {'name': 't', 'hash_key': 'id'})\n"
        "    type(DynaModel)('M', (DynaModel,), {'Table': table, 'Schema': Plain})\n"
        "except DynamoException as error: print(error)\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 'pip install "dynamorm[marshmallow]"' in answer.stdout
