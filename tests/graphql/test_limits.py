"""How much a document may ask for, and who may see the schema."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query, parse

from cms.accounts.models import User
from cms.graphql import limits
from tests.graphql.asked import answer, app_of, stranger
from tests.graphql.documents import README

pytestmark = pytest.mark.django_db
SCHEMA = "{ __schema { queryType { name } } }"


def code(query: str) -> str:
    """Of the first error."""
    return str(answer(stranger(), query)["errors"][0]["extensions"]["code"])


def test_a_document_may_not_be_too_long():
    assert code("{" + "a " * limits.MOST_TOKENS + "}") == "GRAPHQL_PARSE_FAILED"


def test_a_document_may_not_be_too_deep():
    assert code("{ a " * 20 + "}" * 20) == "LIMIT_EXCEEDED"


@pytest.mark.parametrize("deep", [100, 400])
def test_a_document_that_nobody_can_walk_through_is_refused(deep):
    assert code("{ a " * deep + "}" * deep) in ("LIMIT_EXCEEDED", "GRAPHQL_PARSE_FAILED")


def test_a_document_may_not_have_too_many_aliases():
    assert code("{" + " ".join(f"a{n}: __typename" for n in range(16)) + "}") == "LIMIT_EXCEEDED"


def test_what_asks_for_many_rows_may_not_be_asked_often():
    several = " ".join(f"a{n}: getFilteredMarkers(input: {{}}) {{ siteid }}" for n in range(10))
    assert code("{" + several + "}") == "LIMIT_EXCEEDED"


def test_the_list_of_one_page_may_not_be_asked_often_by_other_names():
    several = " ".join(f"a{n}: data {{ id }}" for n in range(10))
    assert code(f"{{ userChargingHistory(input: {{}}) {{ {several} }} }}") == "LIMIT_EXCEEDED"


def test_fragments_that_grow_without_end_are_refused_at_once():
    chain = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
    assert code(f"{{ ...f0 }} {chain} fragment f60 on Query {{ __typename }}") == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    "query",
    ["{ ...a } fragment a on Query { ...a }", "{ ...a }"],
)
def test_what_makes_no_sense_is_a_mistake_of_the_document(query):
    assert code(query).startswith("GRAPHQL_")


def test_the_readme_s_documents_are_well_inside():
    for name, document in README.items():
        found = limits.measured(parse(document))
        assert found.cost * 4 <= limits.MOST_COST, name
        assert found.depth * 4 <= limits.MOST_DEPTH, name


def test_the_schema_is_shown_to_who_is_known_here_and_to_all_in_development(settings):
    assert code(SCHEMA) == "GRAPHQL_VALIDATION_FAILED"
    ann = app_of(User.objects.create_user("ann"))
    assert answer(ann, SCHEMA)["data"]["__schema"]["queryType"]["name"] == "Query"
    settings.DEBUG = True
    assert "errors" not in answer(stranger(), SCHEMA)


def test_the_usual_question_for_the_schema_is_not_too_much():
    ann = app_of(User.objects.create_user("ann"))
    for question in (
        get_introspection_query(),
        get_introspection_query(input_value_deprecation=True),
    ):
        assert answer(ann, question)["data"]["__schema"]["types"]
