"""Every field type is stored as it was when ``write_ours.py`` last froze it, and is read back from that form."""

import base64
import json
import pathlib
import runpy

import pytest

from dynamorm.wire.codec import decode_item

HERE = pathlib.Path(__file__).parent
OURS = runpy.run_path(str(HERE / "write_ours.py"))
CASES = [(library, one) for library, declarations in OURS["DECLARATIONS"].items() for one in declarations]

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


def frozen(library):
    return json.loads((HERE / f"ours_{library}.json").read_text(encoding="utf-8"))


def thawed(stored):
    ((tag, content),) = stored.items()
    if tag == "B":
        content = base64.b64decode(content)
    elif tag == "BS":
        content = [base64.b64decode(one) for one in content]
    elif tag == "L":
        content = [thawed(one) for one in content]
    elif tag == "M":
        content = {name: thawed(one) for name, one in content.items()}
    return {tag: content}


@pytest.mark.parametrize(("library", "declaration"), CASES)
def test_is_stored_as_it_was(library, declaration):
    pytest.importorskip(library)
    assert OURS["stored"](library, declaration) == frozen(library)[declaration]


@pytest.mark.parametrize(("library", "declaration"), CASES)
def test_what_was_stored_is_read(library, declaration):
    pytest.importorskip(library)
    adapter, names = OURS["adapter_with"](library, declaration)
    given = adapter.natives_of_given({"f": eval(OURS["DECLARATIONS"][library][declaration], dict(names))})
    item = {"f": thawed(frozen(library)[declaration]["stored"])}
    read = adapter.natives_of_stored(decode_item(item))
    assert str(read["f"]) == str(given["f"]) or read["f"] == given["f"]
    assert type(read["f"]) is type(given["f"])


@pytest.mark.parametrize("library", OURS["LIBRARIES"])
def test_everything_is_frozen(library):
    assert set(frozen(library)) == set(OURS["DECLARATIONS"][library])
