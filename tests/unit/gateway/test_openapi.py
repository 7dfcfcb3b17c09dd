"""The OpenAPI document is whole: every route says what it is, needs and answers, with examples."""

from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from gateway.api.openapi import TAGS, api_alone

# Their answers hold a secret that is kept nowhere; or doing them twice does nothing more.
SHOWN_ONCE = {
    "/api/v1/people",
    "/api/v1/programs",
    "/api/v1/programs/{program}/end",
    "/api/v1/hubs/{hub}/invitation",
    "/api/v1/hubs/{hub}/confirm",
    "/api/v1/organisations/current",
}


class Operation(NamedTuple):
    method: str
    path: str
    told: dict[str, Any]

    @property
    def headers(self) -> set[str]:
        return {each["name"] for each in self.told.get("parameters", ()) if each["in"] == "header"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return api_alone().openapi()


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> list[Operation]:
    found = [
        Operation(method.upper(), path, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if path.startswith("/api/v1/")
    ]
    assert len(found) > 80
    return found


def test_each_route_says_what_it_does_and_which_right_it_needs(operations: list[Operation]) -> None:
    for each in operations:
        assert each.told["summary"], each
        assert len(each.told["description"].partition("Needs `")[0]) > 10, each[:2]
        assert "Needs `" in each.told["description"], each[:2]
        assert each.told["security"], each[:2]
        assert set(each.told["tags"]) <= set(TAGS), each[:2]


def test_each_route_documents_its_problems(operations: list[Operation]) -> None:
    for each in operations:
        answers = each.told["responses"]
        assert {"401", "403", "422", "503"} <= set(answers), each[:2]
        for status, answer in answers.items():
            media = set(answer["content"])
            assert (media == {"application/problem+json"}) is (status >= "4"), each[:2]
        assert "{" not in each.path or "404" in answers, each[:2]
        assert ({"412", "428"} <= set(answers)) is ("If-Match" in each.headers), each[:2]


def test_a_post_is_done_once(operations: list[Operation]) -> None:
    for each in operations:
        once = each.method == "POST" and each.path not in SHOWN_ONCE
        searches = each.path.endswith("/search")
        assert ("Idempotency-Key" in each.headers) is (once and not searches), each[:2]


def test_names_are_told_once(operations: list[Operation]) -> None:
    names = [each.told["operationId"] for each in operations]
    assert len(names) == len(set(names))


def test_each_example_fits_its_schema(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        whole = {**schema, "components": document["components"]}
        for example in schema["examples"]:
            problems = list(Draft202012Validator(whole).iter_errors(example))
            assert problems == [], name


def test_each_parameter_has_an_example_that_fits(
    document: dict[str, Any], operations: list[Operation]
) -> None:
    for each in operations:
        for parameter in each.told.get("parameters", ()):
            whole = {**parameter["schema"], "components": document["components"]}
            fits = Draft202012Validator(whole).is_valid(parameter["example"])
            assert fits, (*each[:2], parameter["name"])
