"""The schema: all fields of the root, and how their errors are told."""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry_django.optimizer import DjangoOptimizerExtension

from cms.graphql import limits, problems
from cms.graphql.histories import HistoryQueries
from cms.graphql.maps import MapQueries
from cms.graphql.sites import SiteMutations


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Explain them where they stand: what is ours to mend is logged on the way."""
        errors[:] = [problems.explained(error) for error in errors]


Query = merge_types("Query", (HistoryQueries, MapQueries))
Mutation = merge_types("Mutation", (SiteMutations,))
schema = _Schema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(disable_field_suggestions=True),
    extensions=[limits.tokens, DjangoOptimizerExtension, limits.Allowed],
)
