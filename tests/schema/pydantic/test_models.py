"""Models whose schema is pydantic's."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("pydantic")

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    computed_field,
    model_validator,
)

from dynamorm import DynaModel
from dynamorm.exceptions import ValidationError


class Person(BaseModel):
    name: str
    born: dt.date | None = None


class Film(DynaModel):
    class Table:
        name = "films"
        hash_key = "ident"
        range_key = "released"
        read = 1
        write = 1

    class Schema:
        ident: uuid.UUID
        released: dt.date
        title: str = Field(serialization_alias="Title", validation_alias="t")
        director: Person
        cast: list[Person] = []
        genres: set[str] = set()
        secret: SecretStr | None = None
        price: Decimal = Field(Decimal("1.10"), gt=0)
        rating: float | None = None

        @computed_field  # type: ignore[prop-decorator]
        @property
        def label(self) -> str:
            return f"{self.title} ({self.released.year})"

        @model_validator(mode="after")
        def sane(self) -> Any:
            if self.title == "bad":
                raise ValueError("a bad title")
            return self


FILM: dict[str, Any] = {
    "ident": uuid.UUID(int=5),
    "released": "1979-05-25",
    "title": "Alien",
    "director": {"name": "Ridley", "born": dt.date(1937, 11, 30)},
    "genres": {"horror"},
    "secret": "hush",
    "rating": 19.99,
}


class TestModels:
    def test_an_instance(self) -> None:
        film = Film(**FILM)
        assert film.released == dt.date(1979, 5, 25)
        assert isinstance(film.director, Person)
        assert film.label == "Alien (1979)"
        assert "hush" not in repr(film)
        assert Film(title="bad").title == "bad"
        with pytest.raises(ValidationError) as caught:
            Film(price=-1)
        assert caught.value.errors[0]["loc"] == ("price",)

    def test_typed_json_and_back(self) -> None:
        item = Film.to_item(Film(**FILM))
        assert item == {
            "ident": {"S": str(uuid.UUID(int=5))},
            "released": {"S": "1979-05-25"},
            "Title": {"S": "Alien"},
            "director": {"M": {"name": {"S": "Ridley"}, "born": {"S": "1937-11-30"}}},
            "cast": {"L": []},
            "genres": {"SS": ["horror"]},
            "secret": {"S": "hush"},
            "price": {"N": "1.1"},
            "rating": {"N": "19.99"},
            "label": {"S": "Alien (1979)"},
        }
        film = Film.from_item(item)
        assert film.secret.get_secret_value() == "hush"
        assert Film.to_item(film) == item
        film.director.name = "Scott"
        assert Film.to_item(film)["director"]["M"]["name"] == {"S": "Scott"}

    def test_stored_refusals_name_the_key(self) -> None:
        item = Film.to_item(Film(**FILM))
        item["Title"] = {"S": "bad"}
        with pytest.raises(ValidationError, match="1979-05-25"):
            Film.from_item(item)

    def test_on_an_engine(self, dynamo_tables: Any) -> None:
        dynamo_tables(Film)
        film = Film(**FILM)
        film.save()
        again = Film.get(ident=uuid.UUID(int=5), released="1979-05-25")
        assert Film.to_item(again) == Film.to_item(film)
        again.cast.append(Person(name="Sigourney"))
        again.rating = "8.5"
        again.save()
        last = Film.get(ident=str(uuid.UUID(int=5)), released=dt.date(1979, 5, 25))
        assert last.cast == [Person(name="Sigourney")] and last.rating == 8.5
        again.title = "bad"
        with pytest.raises(ValidationError, match="a bad title"):
            again.save()
        Film.put({**FILM, "title": "Aliens", "released": "1986-07-18"})
        films = list(Film.query(ident=FILM["ident"], released__gt=dt.date(1980, 1, 1)))
        assert [film.label for film in films] == ["Aliens (1986)"]
