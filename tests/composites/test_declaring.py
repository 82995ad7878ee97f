"""What is refused when a class with composites, or one of several in a table, is made."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dynamorm import (
    Composite,
    DynaModel,
    DynaModelException,
    DynamoTableException,
    GlobalIndex,
    InvalidSchemaField,
    LocalIndex,
    ProjectAll,
    ProjectInclude,
    ProjectKeys,
    Q,
)

from ..libraries import binary, boolean, day, exact, integer, listing, mapping, moment, real, text, unique
from .shops import base, index, model, table

FIELDS = {
    "id": text(required=True),
    "title": text(),
    "total": integer(),
    "weight": real(),
    "price": exact(),
    "due": day(),
    "placed": moment(),
    "paid": boolean(),
    "code": unique(),
    "blob": binary(),
    "tags": listing(text()),
    "meta": mapping(),
}
TABLE = {"name": "orders", "hash_key": "pk", "range_key": "sk"}


def declared(library, pk="ORDER#{id}", sk="X", **body):
    """Return a model with two composites as its key, or in a dict more."""
    keys = {name: one if isinstance(one, Composite) else Composite(one) for name, one in (("pk", pk), ("sk", sk))}
    return library.model("Order", TABLE, FIELDS, **keys, **body)


def indexed(library, hash_key="STATUS#{id}", range_key="{title}"):
    """Return a model with composites as the key of an index."""
    shared = index("gsi1")
    keys = {"hash_key": hash_key, "range_key": range_key}
    keys = {role: one if isinstance(one, Composite) else Composite(one) for role, one in keys.items()}
    return library.model(
        "Order", {**TABLE, "hash_key": "id", "range_key": None}, FIELDS, ByIt=type("ByIt", (shared,), keys)
    )


# Composites by themselves.


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((), {}, "Composite.*give a template, as in .*or the names of the fields"),
        ((1,), {}, r"Composite\(1\): give a template"),
        (("",), {}, "is empty"),
        (("a", "b"), {"sep": ""}, "sep='': give the text that stands between values"),
        (("a", "b"), {"sep": None}, "sep=None: give the text"),
        (("{a}",), {"sep": "#"}, "sep='#': a template has its own text between fields; leave it out"),
        (("a", "b"), {"sep": "#", "merge": max}, "sep='#': merge joins values by itself; leave it out"),
        (("a", "b"), {"escape": "no"}, "escape='no': give True or False"),
        (("a",), {"escape": False, "merge": max}, "escape=False: merge joins values by itself"),
        (("a",), {"merge": "max"}, "merge='max': give a function of the fields' values"),
        (("a",), {"type": int}, "type=<class 'int'> needs merge"),
        (("a",), {"type": list, "merge": max}, "type=<class 'list'>: give str, int, float, Decimal or bytes"),
        (("a",), {"type": [], "merge": max}, r"type=\[\]: give str, int, float, Decimal or bytes"),
        (("{a}",), {"when": {"status": "open"}}, r"when=\{'status': 'open'\}: give a condition, such as Q"),
        (("{a}",), {"when": True}, "when=True: give a condition"),
    ],
)
def test_what_makes_no_sense_in_a_composite_is_refused(arguments, options, said):
    with pytest.raises(InvalidSchemaField, match=said):
        Composite(*arguments, **options)


def test_a_separator_that_has_no_escape_is_refused():
    with pytest.raises(InvalidSchemaField, match="escape=False"):
        Composite("a", "b", sep="x")
    assert Composite("a", "b", sep="x", escape=False).fields == ("a", "b")


# Parts.


def test_an_unknown_part_is_refused_with_the_nearest_name(library):
    said = r"Order\.pk = Composite\('ORDER#\{titel\}'\): 'titel' is no field of OrderSchema; did you mean 'title'"
    with pytest.raises(InvalidSchemaField, match=said):
        declared(library, pk="ORDER#{titel}")
    with pytest.raises(InvalidSchemaField, match="'nothing' is no field of OrderSchema; its fields are id, title"):
        declared(library, pk=Composite("nothing", "title"))


def test_a_part_of_a_condition_that_is_unknown_is_refused(library):
    with pytest.raises(InvalidSchemaField, match=r"titel.*did you mean 'title'"):
        indexed(library, hash_key=Composite("STATUS#{id}", when=Q(titel="x")))


@pytest.mark.parametrize("name", ["blob", "tags", "meta"])
def test_parts_that_are_no_text_number_or_moment_are_refused(library, name):
    with pytest.raises(InvalidSchemaField, match=rf"Order\.pk = .*{name!r} is neither text, a number, a moment nor a"):
        declared(library, pk=f"ORDER#{{{name}}}")
    assert indexed(library, range_key=Composite(name, merge=str))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{title:012d}", "'title' holds text, and its format writes numbers"),
        ("{title:08.2f}", "'title' holds text, and its format writes numbers"),
        ("{title:%Y}", "'title' holds text, and its format writes dates and times"),
        ("{total:%Y}", "'total' holds numbers, and its format writes dates and times"),
        ("{total!l}", "'total' is stored as a number, which has no case"),
        ("{weight!u}", "'weight' is stored as a number, which has no case"),
        ("{code:d}", "'code' holds UUID, and its format writes numbers"),
        ("{placed:d}", "'placed' holds datetime, and its format writes numbers"),
        ("{due:%H}", "'due' holds date, which has no time"),
        ("{due:%Y-%m-%dT%H:%M}", "'due' holds date, which has no time"),
    ],
)
def test_a_format_that_does_not_suit_the_field_is_refused(library, template, said):
    with pytest.raises(InvalidSchemaField, match=rf"Order\.pk = Composite\('ORDER#.*: {said}"):
        declared(library, pk=f"ORDER#{template}")


@pytest.mark.parametrize(
    "template",
    [
        "{title!l}",
        "{code!l}",
        "{total:08d}",
        "{weight:012.3f}",
        "{price:012.2f}",
        "{due:%Y-%m}",
        "{placed:%H}",
        "{paid}",
    ],
)
def test_a_format_that_suits_the_field_is_taken(library, template):
    assert declared(library, pk=f"ORDER#{template}")


def test_a_format_that_nobody_knows_is_refused(library):
    with pytest.raises(InvalidSchemaField, match="format that keys cannot have; what works is"):
        declared(library, pk="ORDER#{total:>8}")


def test_a_text_that_is_the_name_of_a_field_is_refused(library):
    said = r"Order\.pk = Composite\('id'\) is the text 'id' in every item, and 'id' is a field too: write \{id\}"
    with pytest.raises(InvalidSchemaField, match=said):
        declared(library, pk="id")


# Names.


def test_a_composite_that_is_a_field_too_is_refused(library):
    said = r"Order\.title = Composite\('T#\{id\}'\) is stored as 'title', which is a field of OrderSchema too"
    with pytest.raises(InvalidSchemaField, match=said):
        declared(library, title=Composite("T#{id}"))


def test_a_composite_that_is_a_field_of_a_child_is_refused(library):
    parent = declared(library)
    with pytest.raises(InvalidSchemaField, match="is stored as 'pk', which is a field"):
        model(library, "Child", parent, {**FIELDS, "pk": text()})


def test_a_composite_that_is_the_discriminator_is_refused(library):
    with pytest.raises(
        InvalidSchemaField, match=r"Order\.kind = .* is stored as 'kind', and that is the discriminator"
    ):
        library.model(
            "Order",
            {**TABLE, "hash_key": "id", "range_key": None, "discriminator": "kind"},
            FIELDS,
            kind=Composite("K#{id}"),
        )


def test_a_discriminator_that_is_a_field_is_refused(library):
    with pytest.raises(InvalidSchemaField, match=r"discriminator = 'title' is a field of OrderSchema"):
        library.model("Order", {"name": "orders", "hash_key": "id", "discriminator": "title"}, FIELDS)


def test_a_discriminator_in_the_tables_key_is_refused(library):
    words = {"name": "orders", "hash_key": "id", "range_key": "kind", "discriminator": "kind"}
    with pytest.raises(InvalidSchemaField, match=r"Order\.Table: discriminator = 'kind' is part of the table's key"):
        library.model("Order", words, FIELDS)
    with pytest.raises(InvalidSchemaField, match=r"Shop\.Table: discriminator = 'kind' is part of the table's key"):
        base(declared=table(range_key="kind"))


@pytest.mark.parametrize(
    "words", [{"discriminator": ""}, {"discriminator": 5}, {"discriminator": "k", "discriminator_value": ""}]
)
def test_discriminators_that_are_no_text_are_refused(library, words):
    with pytest.raises(DynamoTableException, match="has to be a text, and not empty"):
        library.model("Order", {"name": "orders", "hash_key": "id", **words}, FIELDS)


def test_a_discriminators_value_needs_a_discriminator(library):
    with pytest.raises(DynamoTableException, match="discriminator_value = 'order' needs a discriminator"):
        library.model("Order", {"name": "orders", "hash_key": "id", "discriminator_value": "order"}, FIELDS)


# Keys.


@pytest.mark.parametrize(
    "one", [Composite("id", merge=str), Composite("{id}", when=Q(title="x"))], ids=["merge", "when"]
)
def test_the_tables_key_has_neither_merge_nor_when(library, one):
    for role in ("pk", "sk"):
        with pytest.raises(
            InvalidSchemaField, match=rf"Order\.{role} is part of the table's key, which every item has"
        ):
            declared(library, **{role: one})


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "ORDER#{total}",
            r"'total' do not sort as its values do: give them a width, as in \{total:012d\} .*\{total:d\}",
        ),
        ("ORDER#{weight}#{id}", r"'weight' do not sort .*\{weight:015.2f\}"),
        ("ORDER#{id}#{total}", r"'total' do not sort"),
        (
            "{placed:%d.%m.%Y}",
            r"'placed' do not sort .*: write what is greater first, as in \{placed:%Y-%m-%dT%H:%M:%S\}",
        ),
        ("{placed:%m-%d}", "'placed' do not sort"),
        ("{due:%Y-%d}", "'due' do not sort"),
        ("{due:%y%m%d}", "'due' do not sort"),
        ("{placed:%Y-%m-%d %I:%M}", "'placed' do not sort"),
    ],
)
def test_parts_of_range_keys_that_do_not_sort_are_refused(library, template, said):
    with pytest.raises(InvalidSchemaField, match=rf"Order\.sk = .* is the range key of Order\.Table, .*{said}"):
        declared(library, sk=template)
    with pytest.raises(
        InvalidSchemaField, match=rf"Order\.ByIt\.range_key = .* the range key of Order\.ByIt, .*{said}"
    ):
        indexed(library, range_key=template)


@pytest.mark.parametrize(
    "template",
    [
        "ORDER#{total:d}",
        "{total:08d}",
        "{price:012.2f}",
        "{placed:%Y}",
        "{placed:%Y%j}",
        "{due:%Y-%m}",
        "{title}",
        "{paid}",
        "{code}",
    ],
)
def test_parts_of_range_keys_that_sort_or_say_that_they_do_not_are_taken(library, template):
    assert declared(library, sk=template)
    assert indexed(library, range_key=template)


def test_parts_of_hash_keys_need_no_order(library):
    assert declared(library, pk="ORDER#{total}#{placed:%d.%m}")
    assert indexed(library, hash_key="ORDER#{total}")


def test_keys_that_others_write_need_no_order(library):
    assert declared(library, sk=Composite("ORDER#{total}", escape=False))


def test_joined_numbers_do_not_sort_in_a_range_key(library):
    with pytest.raises(InvalidSchemaField, match="'total' do not sort"):
        declared(library, sk=Composite("title", "total", sep="#"))
    assert declared(library, sk=Composite("title", "code", sep="#"))


def test_a_composite_in_place_of_an_indexs_key_needs_a_name(library):
    class ByTitle(GlobalIndex):
        name = "by-title"
        hash_key = Composite("{title}")
        projection = ProjectAll()

    with pytest.raises(InvalidSchemaField, match=r"hash_key = Composite\('\{title\}'\) has no name to be stored under"):
        library.model("Order", {"name": "orders", "hash_key": "id"}, FIELDS, ByTitle=ByTitle)


def test_what_merge_makes_has_the_type_that_is_declared(library):
    made = indexed(library, range_key=Composite("total", "weight", merge=lambda total, weight: total, type=Decimal))
    assert made.Table.spec.attribute_types["gsi1sk"] == "N"


def test_an_index_that_includes_what_nobody_has_is_refused(library):
    named = index("gsi1", ProjectInclude("titel"))
    keys = {"hash_key": Composite("{id}"), "range_key": Composite("{title}")}
    with pytest.raises(InvalidSchemaField, match="includes 'titel', which is no field"):
        library.model("Order", {"name": "orders", "hash_key": "id"}, FIELDS, ByIt=type("ByIt", (named,), keys))


# Models that share a table.

PERSON = {"email": text(required=True), "name": text()}


def pair(library, shop, first, second, **body):
    """Return two models of a base, with ``pk`` and ``sk`` each."""
    return [
        model(library, name, shop, PERSON, None, pk=Composite(keys[0]), sk=Composite(keys[1]), **body)
        for name, keys in (("Customer", first), ("Vendor", second))
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("P#{email}", "A"), ("P#{email}", "A")),
        (("P#{email}", "A#{name}"), ("P#{email}", "{name}")),
        (("P#{email}", "A#{name}"), ("P#{email}", "A#B")),
        (("P#{email}", "A{name}"), ("{email}", "AB#{name}")),
    ],
)
def test_siblings_whose_keys_may_meet_need_a_discriminator(library, first, second):
    with pytest.raises(
        InvalidSchemaField, match="Vendor and Customer share a table, and items of both may have the same"
    ):
        pair(library, base(declared=table(discriminator=None)), first, second)
    assert pair(library, base(), first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [(("P#{email}", "A"), ("P#{email}", "B")), (("C#{email}", "{name}"), ("V#{email}", "{name}"))],
)
def test_siblings_whose_keys_do_not_meet_need_none(library, first, second):
    assert pair(library, base(declared=table(discriminator=None)), first, second)


def test_a_sibling_of_plain_keys_may_meet_all(library):
    shop = base(declared=table(discriminator=None))
    kept = model(library, "Customer", shop, PERSON, None, pk=Composite("C#{email}"), sk=Composite("A"))
    with pytest.raises(InvalidSchemaField, match="Plain and Customer share a table"):
        model(library, "Plain", shop, {"pk": text(required=True), "sk": text(required=True)})
    assert kept


def test_siblings_in_tables_of_their_own_may_have_the_same_keys(library):
    shop = type(DynaModel)("Shop", (DynaModel,), {"Table": type("Table", (), {"abstract": True, "hash_key": "pk"})})
    for name in ("Customer", "Vendor"):
        words = {"name": name.lower()}
        own = type("Table", (shop.__dict__["Table"],), {**words, "abstract": False})
        assert library.model(name, own, PERSON, bases=(shop,), pk=Composite("{email}"))


def test_two_models_cannot_have_one_discriminator(library):
    shop = base()
    keys = {"pk": Composite("C#{email}"), "sk": Composite("A")}
    kept = model(library, "Customer", shop, PERSON, {"discriminator_value": "person"}, **keys)
    with pytest.raises(DynaModelException, match="Vendor and Customer both write 'person' as their discriminator"):
        model(library, "Vendor", shop, PERSON, {"discriminator_value": "person"}, **keys)
    with pytest.raises(DynaModelException, match="person and Customer both write 'person'"):
        model(library, "person", shop, PERSON, **keys)
    assert shop._dynamorm.store.mapper.members["person"].model is kept


def test_a_class_that_is_defined_anew_takes_the_place_of_its_former_self(library):
    shop = base()
    keys = {"pk": Composite("C#{email}"), "sk": Composite("A")}
    former = model(library, "Customer", shop, PERSON, **keys)
    latter = model(library, "Customer", shop, PERSON, **keys)
    assert shop._dynamorm.store.mapper.members["Customer"].model is latter is not former


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("name", "other"),
        ("discriminator", "sort"),
        ("stream", "NEW_IMAGE"),
        ("billing_mode", "PROVISIONED"),
        ("pitr", True),
        ("sse", True),
        ("kms_key", "1234"),
        ("tags", {"team": "books"}),
        ("table_class", "STANDARD_INFREQUENT_ACCESS"),
        ("deletion_protection", True),
        ("read", 5),
        ("write", 5),
        ("session_kwargs", {"region_name": "eu-north-1"}),
        ("resource_kwargs", {"endpoint_url": "http://localhost:1"}),
        ("transport", "boto3"),
        ("ttl", "number"),
    ],
)
def test_words_of_the_table_are_those_of_the_base(library, word, value):
    fields = {**PERSON, "number": integer()}
    keys = {"pk": Composite("C#{email}"), "sk": Composite("A")}
    with pytest.raises(
        DynamoTableException,
        match=rf"Customer\.Table: {word} = .*, and Shop\.Table, which describes .*, has .*: say it there",
    ):
        model(library, "Customer", base(), fields, {word: value}, **keys)
    same = base(declared=table(**{word: value}))
    assert model(library, "Customer", same, fields, {word: value}, **keys)


def test_the_key_of_the_table_is_that_of_the_base(library):
    keys = {"pk": Composite("C#{email}"), "other": Composite("A")}
    with pytest.raises(DynamoTableException, match=r"Customer\.Table: range_key = 'other', and Shop\.Table"):
        model(library, "Customer", base(), PERSON, {"range_key": "other"}, **keys)


@pytest.mark.parametrize(
    "words",
    [{"version": "number"}, {"updated": "stamp"}, {"created": "stamp"}, {"on_read": "trust"}, {"on_scan": "error"}],
)
def test_words_of_the_model_may_differ(library, words):
    fields = {**PERSON, "number": integer(), "stamp": moment()}
    keys = {"pk": Composite("C#{email}"), "sk": Composite("A")}
    assert model(library, "Customer", base(), fields, {"discriminator_value": "c", **words}, **keys)


def test_a_ttl_of_the_base_may_be_no_field_of_a_model(library):
    shop = base(declared=table(ttl="expires"))
    keys = {"pk": Composite("C#{email}"), "sk": Composite("A")}
    customer = model(library, "Customer", shop, PERSON, **keys)
    login = model(
        library, "Login", shop, {**PERSON, "expires": integer()}, pk=Composite("L#{email}"), sk=Composite("A")
    )
    assert customer.Table.spec == login.Table.spec == shop.Table.spec
    with pytest.raises(DynamoTableException, match="ttl = 'exp', and Shop"):
        model(library, "Other", shop, {**PERSON, "expires": integer(stored="exp")}, **keys)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"name": "gsi2"},
            r"Customer\.ByName: name = 'gsi2', and it inherits from an index of Shop that is called 'gsi1'",
        ),
        (
            {"projection": ProjectKeys()},
            r"Customer\.ByName: projection = ProjectKeys\(\), and Shop\.GSI1, .*ProjectAll\(\)",
        ),
        ({"read": 5}, r"Customer\.ByName: read = 5, and Shop\.GSI1, the same index, has None"),
        ({"write": 5}, r"Customer\.ByName: write = 5"),
        ({"hash_key": "name"}, r"Customer\.ByName: hash_key = 'name', and Shop\.GSI1, the same index, has 'gsi1pk'"),
    ],
)
def test_an_index_of_the_base_is_described_there(library, words, said):
    shop = base(GSI1=index("gsi1"))
    keys = {"hash_key": Composite("N#{name}"), "range_key": Composite("{email}")}
    own = type("ByName", (type(shop.GSI1),), {**keys, **words})
    with pytest.raises(DynamoTableException, match=said):
        model(library, "Customer", shop, PERSON, pk=Composite("C#{email}"), sk=Composite("A"), ByName=own)


def test_keys_that_are_shared_are_text(library):
    shop = base(GSI1=index("gsi1"))
    keys = {"hash_key": Composite("{name}"), "range_key": Composite("email", merge=len, type=int)}
    own = type("ByName", (type(shop.GSI1),), keys)
    with pytest.raises(InvalidSchemaField, match=r"the key 'gsi1sk' is stored as N, and as S by Shop\.GSI1"):
        model(library, "Customer", shop, PERSON, pk=Composite("C#{email}"), sk=Composite("A"), ByName=own)


@pytest.mark.parametrize("projection", [ProjectKeys(), ProjectInclude("name")], ids=repr)
def test_an_index_that_does_not_tell_kinds_is_refused(library, projection):
    def defined(projection, second):
        shop = base(GSI1=index("gsi1", projection))
        own = type("ByName", (type(shop.GSI1),), {"hash_key": Composite("N#{name}"), "range_key": Composite("{email}")})
        return pair(library, shop, ("P#{email}", "A#{name}"), second, ByName=own)

    said = r"Vendor\.ByName does not hold 'kind', which tells the items of Vendor from those of Customer"
    with pytest.raises(InvalidSchemaField, match=said):
        defined(projection, ("P#{email}", "{name}"))
    assert defined(projection, ("P#{email}", "B#{name}"))
    assert defined(ProjectInclude("name", "kind"), ("P#{email}", "{name}"))


def test_an_index_that_only_one_of_them_is_in_need_not_tell_kinds(library):
    shop = base(GSI1=index("gsi1", ProjectKeys()))
    own = type("ByName", (type(shop.GSI1),), {"hash_key": Composite("N#{name}"), "range_key": Composite("{email}")})
    keys = {"pk": Composite("P#{email}"), "sk": Composite("A#{name}")}
    assert model(library, "Customer", shop, PERSON, **keys, ByName=own)
    assert model(library, "Vendor", shop, PERSON, **keys)


def test_an_index_does_not_tell_a_model_from_its_child_by_keys(library):
    fields = {**FIELDS, "gsi1pk": text(), "gsi1sk": text()}
    words = {"name": "orders", "hash_key": "id", "discriminator": "kind"}
    order = library.model("Order", words, fields, GSI1=index("gsi1", ProjectKeys()))
    with pytest.raises(InvalidSchemaField, match=r"Gift\.GSI1 does not hold 'kind'"):
        model(library, "Gift", order, fields)


def test_an_index_may_hold_the_discriminator_of_a_model_without_composites(library):
    words = {"name": "orders", "hash_key": "id", "discriminator": "kind"}
    by_title = type(
        "ByTitle", (GlobalIndex,), {"name": "by-title", "hash_key": "title", "projection": ProjectInclude("kind")}
    )
    by_kind = type("ByKind", (GlobalIndex,), {"name": "by-kind", "hash_key": "kind", "projection": ProjectAll()})
    order = library.model("Order", words, FIELDS, ByTitle=by_title, ByKind=by_kind)
    assert order.Table.spec.indexes[0].included == ("kind",)
    assert order.Table.spec.attribute_types["kind"] == "S"


def test_a_local_index_of_the_base_may_have_a_pattern(library):
    local = type(
        "LSI1", (LocalIndex,), {"name": "lsi1", "hash_key": "pk", "range_key": "lsi1sk", "projection": ProjectAll()}
    )
    shop = base(LSI1=local)
    by_name = type("ByName", (type(shop.LSI1),), {"range_key": Composite("{name}")})
    made = model(library, "Customer", shop, PERSON, pk=Composite("C#{email}"), sk=Composite("A"), ByName=by_name)
    assert made.Table.spec == shop.Table.spec


def test_assigning_what_a_schema_cannot_have_is_told_of_the_class():
    with pytest.raises(DynaModelException, match="You must define an inner 'Schema' class on your 'Customer' class"):
        type(DynaModel)("Customer", (base(),), {"pk": Composite("C#{email}"), "sk": Composite("A")})
