"""The schema: all fields of the root, and how their errors are told."""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types.graphql import OperationType
from strawberry_django.optimizer import DjangoOptimizerExtension

from cms.graphql import limits, problems
from cms.graphql.histories import HistoryQueries
from cms.graphql.maps import MapQueries
from cms.graphql.sites import SiteMutations
from cms.graphql.subscriptions import Subscription
from cms.graphql.users import UserMutations, UserQueries

_ON_SOCKETS = (OperationType.QUERY, OperationType.SUBSCRIPTION)


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Explain them where they stand: what is ours to mend is logged on the way."""
        errors[:] = [problems.explained(error) for error in errors]

    def get_extensions(self, sync: bool = False) -> list[SchemaExtension]:
        """What is waited for is of a socket."""
        found = super().get_extensions(sync)
        return found if sync else [limits.Anew(), *found]

    async def stream(self, *args: Any, **kwargs: Any) -> Any:
        """What sockets ask for. Mutations come over HTTP, where it is known who acts."""
        kwargs["allowed_operation_types"] = kwargs.get("allowed_operation_types") or _ON_SOCKETS
        return await super().stream(*args, **kwargs)


Query = merge_types("Query", (HistoryQueries, MapQueries, UserQueries))
Mutation = merge_types("Mutation", (SiteMutations, UserMutations))
schema = _Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(disable_field_suggestions=True),
    extensions=[limits.tokens, DjangoOptimizerExtension, limits.Allowed],
)
