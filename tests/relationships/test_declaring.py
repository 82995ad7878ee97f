"""Whom a relationship leads to, under which names the way back is, and what children inherit."""

from __future__ import annotations

import gc
import sys
from types import ModuleType

import pytest

from dynamorm import DynaModel, DynaModelException, GlobalIndex, InvalidKey, ManyToOne, OneToMany, OneToOne, ProjectAll
from dynamorm.relationships import DefaultBackReference, Relationship

from .models import schema


def owner_query(instance):
    return {"id": instance.owner_id}


def back_query(instance):
    return {"owner_id": instance.id}


def model(name, library, *, bases=(DynaModel,), module=__name__, scope="", fields=None, **attributes):
    """Make a model with an id and the id of an owner, as if its class stood somewhere."""
    table = type("Table", (), {"name": name.lower(), "hash_key": "id", "billing_mode": "PAY_PER_REQUEST"})
    by_owner = type("ByOwner", (GlobalIndex,), {"name": "by-owner", "hash_key": "owner_id", "projection": ProjectAll()})
    body = {
        "__module__": module,
        "__qualname__": f"{scope}.{name}" if scope else name,
        "Table": table,
        "ByOwner": by_owner,
        "Schema": schema(library, id="text!", owner_id="text", **(fields or {})),
        **attributes,
    }
    return type(DynaModel)(name, bases, body)


def to_owner(other, **options):
    return ManyToOne(other, query=owner_query, **options)


def with_way_back(other, **options):
    return ManyToOne(other, query=owner_query, back_query=back_query, back_index="ByOwner", **options)


# Whom it leads to.


def test_a_class_a_name_and_self_say_who_is_meant(library, dynamo_tables):
    owner = model("Owner", library)
    pet = model(
        "Pet", library, by_class=to_owner(owner), by_name=to_owner("Owner"), to_self=to_owner("self"), scope="here"
    )
    dynamo_tables(owner, pet)
    owner(id="ann").save()
    pet(id="ann").save()
    kept = pet(id="rex", owner_id="ann")
    assert type(kept.by_class) is type(kept.by_name) is owner
    assert type(kept.to_self) is pet


def test_a_name_may_be_of_a_model_that_is_defined_later(library, dynamo_tables):
    name = f"LaterOwnerOf{library}"
    pet = model("Pet", library, owner=to_owner(name))
    with pytest.raises(DynaModelException, match=rf"Pet\.owner.*there is no model '{name}'"):
        _ = pet(id="rex", owner_id="ann").owner
    later = model(name, library)
    dynamo_tables(later)
    later(id="ann").save()
    assert type(pet(id="rex", owner_id="ann").owner) is later


def test_an_unknown_name_is_told_with_the_nearest_one(library):
    owner = model("Landlord", library)
    pet = model("Pet", library, owner=to_owner("Landlrod"))
    with pytest.raises(DynaModelException, match="did you mean 'Landlord'"):
        _ = pet.owner.other
    assert owner


def test_of_models_with_one_name_the_nearest_is_meant(library):
    far = model("Keeper", library, module="tests.far")
    beside = model("Keeper", library, scope="f.<locals>")
    elsewhere = model("Keeper", library)
    pets = [
        model("Pet", library, owner=to_owner("Keeper"), scope="f.<locals>"),
        model("Pet", library, owner=to_owner("Keeper")),
        model("Pet", library, owner=to_owner("Keeper"), module="tests.far"),
        model("Pet", library, owner=to_owner("far.Keeper")),
        model("Pet", library, owner=to_owner("tests.far.Keeper")),
    ]
    assert [pet.owner.other for pet in pets] == [beside, elsewhere, far, far, far]


def test_a_name_that_may_mean_several_is_refused_with_their_full_names(library):
    several = [model("Warden", library, module=module) for module in ("tests.north", "tests.south")]
    pet = model("Pet", library, owner=to_owner("Warden"))
    with pytest.raises(DynaModelException, match=r"may mean tests\.north\.Warden, tests\.south\.Warden"):
        _ = pet.owner.other
    assert several


def test_a_model_that_is_defined_anew_is_meant_from_then_on(library):
    former = model("Renewed", library)
    pet = model("Pet", library, owner=with_way_back("Renewed"))
    assert former.pets.other is pet
    latter = model("Renewed", library)
    assert pet.owner.other is latter
    assert latter.pets.other is pet
    assert not hasattr(former, "pets")


def test_each_set_of_models_made_by_one_function_keeps_to_itself(library):
    def make():
        pet = model("Cat", library, owner=with_way_back("Feeder"), scope="make.<locals>")
        return pet, model("Feeder", library, scope="make.<locals>")

    sets = [make(), make()]
    for pet, owner in sets:
        assert pet.owner.other is owner
        assert owner.cats.other is pet


def test_models_that_are_gone_are_not_meant(library):
    model("Gone", library, module="tests.gone")
    gc.collect()
    present = model("Gone", library, module="tests.present")
    pet = model("Pet", library, owner=to_owner("Gone"))
    assert pet.owner.other is present


@pytest.mark.parametrize("wrong", [None, 3, str, DynaModel])
def test_what_is_no_model_is_refused_when_it_is_declared(wrong):
    with pytest.raises(DynaModelException, match="a model that is not abstract, its name"):
        to_owner(wrong)


def test_a_field_and_a_relationship_of_one_name_are_refused(library):
    with pytest.raises(DynaModelException, match="owner_id is declared as a field and as a relationship"):
        model("Pet", library, owner_id=to_owner("self"))


# The way back.


@pytest.mark.parametrize(
    "name, expected", [("Item", "item"), ("OrderItem", "order_item"), ("ABTest", "a_b_test"), ("Order2", "order_2")]
)
def test_the_way_back_is_named_after_the_model(library, name, expected):
    owner = model("Owner", library)
    pet = model(name, library, owner=OneToOne(owner, query=owner_query, back_query=back_query, back_index="ByOwner"))
    assert list(owner.relationships) == [expected]
    assert type(owner.relationships[expected]) is OneToOne
    assert str(pet.owner.back_reference) == expected
    assert isinstance(pet.owner.back_reference, DefaultBackReference)


def test_the_way_back_of_many_to_one_gets_an_s_and_is_one_to_many(library):
    owner = model("Owner", library)
    pet = model("Pet", library, owner=with_way_back(owner))
    assert type(owner.pets) is OneToMany
    assert owner.pets is pet.owner.back_reference_relationship
    assert owner.pets.other is pet


def test_the_way_back_of_one_to_many_leads_to_one(library):
    pet = model("Pet", library)
    owner = model("Owner", library, pets=OneToMany(pet, query=back_query, index="ByOwner", back_query=owner_query))
    assert isinstance(pet.owner, OneToOne)
    assert pet.owner.other is owner


def test_the_name_of_the_way_back_may_be_chosen(library):
    owner = model("Owner", library)
    chosen = [
        model("Pet", library, owner=with_way_back(owner, back_reference="animal")),
        model("Pet", library, owner=with_way_back(owner, back_reference=lambda relationship: relationship.name + "d")),
    ]
    assert set(owner.relationships) == {"animals", "ownerds"}
    assert chosen


@pytest.mark.parametrize("options", [{"back_reference": None}, {"back_reference": lambda relationship: None}])
def test_there_need_be_no_way_back(library, options):
    owner = model("Owner", library)
    pet = model("Pet", library, owner=with_way_back(owner, **options))
    assert owner.relationships == {}
    assert pet.owner.back_reference_relationship is None


def test_there_is_no_way_back_without_a_query_for_it(library):
    owner = model("Owner", library)
    model("Pet", library, owner=to_owner(owner))
    assert owner.relationships == {}


def test_a_model_that_is_defined_later_has_the_way_back_at_once(library, dynamo_tables):
    pet = model("Fish", library, owner=with_way_back("Angler"))
    owner = model("Angler", library)
    dynamo_tables(owner, pet)
    pet(id="nemo", owner_id="ann").save()
    assert [found.id for found in owner(id="ann").fishs] == ["nemo"]


def test_a_model_may_lead_to_itself_and_back(library, dynamo_tables):
    node = model("Node", library, owner=with_way_back("self", back_reference="child"))
    dynamo_tables(node)
    root = node(id="root")
    root.save()
    for name in ("a", "b"):
        node(id=name, owner=root).save()
    assert sorted(child.id for child in root.childs) == ["a", "b"]
    assert node.get(id="a").owner == root
    assert root.owner is None


def test_what_the_other_model_declares_itself_stays(library):
    owner = model("Mistress", library, pets=OneToMany("Pet", query=back_query, index="ByOwner"), scope="g")
    declared = owner.pets
    pet = model("Pet", library, owner=with_way_back(owner), scope="g")
    assert owner.pets is declared
    assert owner.pets.other is pet


def test_a_field_of_the_other_model_stays(library):
    owner = model("Owner", library, fields={"pets": "number"})
    model("Pet", library, owner=with_way_back(owner))
    assert owner.relationships == {}
    assert owner(id="ann", pets=3).pets == 3


def test_a_chosen_name_that_is_taken_is_refused(library):
    owner = model("Owner", library, fields={"pets": "number"})
    with pytest.raises(DynaModelException, match=r"back_reference='pet' would replace Owner\.pets"):
        model("Pet", library, owner=with_way_back(owner, back_reference="pet"))


def test_two_ways_back_of_one_model_need_two_names(library):
    owner = model("Owner", library)
    with pytest.raises(DynaModelException, match="give one of them another name"):
        model("Pet", library, owner=with_way_back(owner), friend=with_way_back(owner))
    pet = model("Pet", library, owner=with_way_back(owner), friend=with_way_back(owner, back_reference="friend"))
    assert owner.pets.forward is pet.owner
    assert owner.friends.forward is pet.friend


def test_defining_the_declaring_model_anew_replaces_the_way_back(library):
    owner = model("Owner", library)
    former = model("Pet", library, owner=with_way_back(owner))
    latter = model("Pet", library, owner=with_way_back(owner))
    assert owner.pets.other is latter is not former


def test_models_elsewhere_that_are_named_alike_lose_nothing(library):
    ours = model("Guardian", library, module="tests.ours")
    our_pet = model("Pet", library, module="tests.ours", owner=with_way_back("Guardian"))
    their_pet = model("Pet", library, module="tests.theirs", owner=with_way_back("Guardian"))
    theirs = model("Guardian", library, module="tests.theirs")
    assert (ours.pets.other, theirs.pets.other) == (our_pet, their_pet)
    assert (our_pet.owner.other, their_pet.owner.other) == (ours, theirs)


# What children inherit.


def test_a_child_inherits_relationships_and_ways_back(library, dynamo_tables):
    owner = model("Owner", library)
    pet = model("Pet", library, owner=with_way_back(owner))
    early = type(DynaModel)("Early", (owner,), {})
    dog = type(DynaModel)("Dog", (pet,), {})
    model("Flea", library, owner=with_way_back(owner))
    late = type(DynaModel)("Late", (owner,), {})
    dynamo_tables(owner, pet)
    owner(id="ann").save()
    dog(id="rex", owner_id="ann").save()
    assert list(dog.relationships) == ["owner"]
    assert list(early.relationships) == list(late.relationships) == ["pets", "fleas"]
    assert type(dog(id="rex", owner_id="ann").owner) is owner
    assert [found.id for found in early(id="ann").pets] == [found.id for found in late(id="ann").pets] == ["rex"]
    assert dog.owner.this is dog
    assert pet.owner.this is pet
    assert not hasattr(owner, "dogs")


def test_a_child_means_whom_its_parent_means_by_a_name(library):
    pet = model("Ferret", library, owner=with_way_back("Holder"), module="tests.one")
    beside = model("Holder", library, module="tests.two")
    weasel = type(DynaModel)("Weasel", (pet,), {"__module__": "tests.two", "__qualname__": "Weasel"})
    holder = model("Holder", library, module="tests.one")
    assert pet.owner.other is weasel.owner.other is holder
    assert list(holder.relationships) == ["ferrets"]
    assert not beside.relationships


def test_a_child_may_replace_and_drop_relationships(library):
    owner = model("Owner", library)
    pet = model("Pet", library, owner=to_owner(owner), friend=to_owner("self"))
    dog = type(DynaModel)("Dog", (pet,), {"owner": to_owner("self"), "friend": None, "rival": to_owner(pet)})
    assert set(dog.relationships) == {"owner", "rival"}
    assert dog.owner.other is dog
    assert dog.friend is None
    assert set(pet.relationships) == {"owner", "friend"}
    assert pet.owner.other is owner


def test_self_is_the_child_itself(library):
    pet = model("Pet", library, mother=to_owner("self"))
    dog = type(DynaModel)("Dog", (pet,), {})
    assert (pet.mother.other, dog.mother.other) == (pet, dog)


def test_mixins_and_abstract_bases_give_each_model_a_relationship_of_its_own(library):
    owner = model("Owner", library)

    class Owned:
        keeper = with_way_back(owner)

    class Base(DynaModel):
        class Table:
            abstract = True

        mother = to_owner("self")

    pet = model("Pet", library, bases=(Owned, Base))
    car = model("Car", library, bases=(Owned, Base))
    assert set(owner.relationships) == {"pets", "cars"}
    assert (owner.pets.other, owner.cars.other) == (pet, car)
    assert (pet.keeper.this, car.keeper.this) == (pet, car)
    assert (pet.mother.other, car.mother.other) == (pet, car)
    assert isinstance(Owned.keeper, Relationship)
    assert Owned.keeper.this is None


def test_a_field_of_a_child_beats_a_relationship_it_inherits(library):
    pet = model("Pet", library, owner=to_owner("self"))
    dog = type(DynaModel)("Dog", (pet,), {"Schema": schema(library, id="text!", owner_id="text", owner="text")})
    assert dog.relationships == {}
    assert dog(id="rex", owner="ann").owner == "ann"


def test_a_field_may_be_called_relationships(library):
    pet = model("Pet", library, owner=to_owner("self"), fields={"relationships": "text"})
    rex = pet(id="rex", owner=pet(id="fido"), relationships="many")
    assert (rex.relationships, rex.owner_id) == ("many", "fido")
    assert list(pet.relationships) == ["owner"]


def test_an_index_that_is_not_there_is_told_with_those_that_are(library):
    owner = model("Owner", library, pets=OneToMany("self", query=back_query, index="ByKeeper"))
    with pytest.raises(DynaModelException, match="no index 'ByKeeper'; there are: ByOwner"):
        _ = owner(id="ann").pets


def test_a_query_with_a_name_that_is_no_key_is_refused_as_any_query_is(library):
    owner = model("Owner", library, pets=OneToMany("self", query=back_query))
    with pytest.raises(InvalidKey, match="by-owner"):
        list(owner(id="ann").pets)


def test_modules_of_a_package_may_mention_each_other(library, monkeypatch):
    for name in ("shop.orders", "shop.customers"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    order = model("Order", library, module="shop.orders", owner=with_way_back("customers.Customer"))
    customer = model("Customer", library, module="shop.customers", last=to_owner("orders.Order"))
    assert order.owner.other is customer
    assert customer.last.other is order
    assert customer.orders.other is order
