"""Relationships over indexes whose keys consist of several attributes."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, GlobalIndex, InvalidKey, OneToMany, OneToOne, ProjectAll, ProjectKeys

from .models import schema, values


def place(instance):
    return {"tenant": instance.tenant, "region": instance.region}


@pytest.fixture
def models(library, on_moto):
    class Match(DynaModel):
        class Table:
            name = "matches"
            hash_key = "code"
            billing_mode = "PAY_PER_REQUEST"

        class ByPlace(GlobalIndex):
            name = "by-place"
            hash_key = ("tenant", "region")
            range_key = ("year", "month")
            projection = ProjectAll()

        class ByTime(GlobalIndex):
            name = "by-time"
            hash_key = ("year", "month")
            projection = ProjectKeys()

        Schema = schema(library, code="text!", tenant="text", region="text", year="number", month="number")

    class League(DynaModel):
        class Table:
            name = "leagues"
            hash_key = "tenant"
            range_key = "region"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, tenant="text!", region="text!", title="text", year="number", month="number")

        matches = OneToMany(Match, index="ByPlace", query=place, back_query=place)
        opening = OneToOne(
            Match,
            index="by-time",
            query=lambda league: {"year": league.year, "month": league.month},
            back_reference=None,
        )

    for model in (Match, League):
        model.Table.create_table()
    for number, (tenant, region, month) in enumerate([("a", "eu", 11), ("a", "eu", 2), ("a", "us", 3), ("b", "eu", 4)]):
        Match(code=f"{number}", tenant=tenant, region=region, year=2024, month=month).save()
    return Match, League


def codes(matches):
    return [match.code for match in matches]


def test_the_many_are_those_under_the_whole_hash_key(models):
    _match, league = models
    eu = league(tenant="a", region="eu")
    assert (codes(eu.matches), len(eu.matches), eu.matches.count()) == (["1", "0"], 2, 2)
    assert codes(eu.matches.filter(year=2024, month__gt=2)) == ["0"]
    assert codes(league(tenant="b", region="us").matches) == []


def test_without_a_part_of_the_hash_key_there_are_no_many_yet(models):
    _match, league = models
    with pytest.raises(InvalidKey, match="has no matches yet: the query gives no value for region, a key of Match"):
        _ = league(tenant="a").matches


def test_a_query_that_gives_a_part_of_the_hash_key_is_told_what_it_lacks(models, monkeypatch):
    _match, league = models
    monkeypatch.setattr(league.matches, "query", lambda league: {"tenant": league.tenant})
    with pytest.raises(
        InvalidKey, match=r"needs tenant=\.\.\. and region=\.\.\., its hash key, as a whole: there is no region"
    ):
        codes(league(tenant="a", region="eu").matches)


def test_the_way_back_leads_to_the_parent_and_stores_its_whole_key(models):
    match, league = models
    league(tenant="a", region="us", title="West").save()
    assert match.get(code="2").league.title == "West"
    moved = match.get(code="3")
    moved.league = league.get(tenant="a", region="us")
    moved.save()
    assert values(match.get(code="3")) == {"code": "3", "tenant": "a", "region": "us", "year": 2024, "month": 4}
    assert codes(league(tenant="a", region="us").matches) == ["2", "3"]


def test_a_partner_is_found_by_the_whole_hash_key_and_read_as_a_whole(models):
    _match, league = models
    partner = league(tenant="a", region="eu", year=2024, month=4).opening
    assert values(partner) == {"code": "3", "tenant": "b", "region": "eu", "year": 2024, "month": 4}
