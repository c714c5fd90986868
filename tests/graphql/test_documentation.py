"""Every document of docs/graphql.md runs as it stands there."""

from __future__ import annotations

import json
import re

import pytest
from graphql import parse, validate

from cms.graphql.schema import schema
from tests.graphql.asked import administrator, answer
from tests.source import ROOT

EXAMPLES: list[tuple[str, str]] = re.findall(
    r"```graphql\n(.*?)```\n```json\n(.*?)```", (ROOT / "docs/graphql.md").read_text(), re.S
)


@pytest.mark.django_db
@pytest.mark.parametrize(("document", "variables"), EXAMPLES)
def test_an_example_runs(document, variables):
    if document.startswith("subscription"):  # tests/interfaces/ev_backend hears them
        assert validate(schema._schema, parse(document)) == []
        return
    assert "errors" not in answer(administrator(), document, **json.loads(variables))


def test_there_are_examples():
    assert len(EXAMPLES) >= 4
