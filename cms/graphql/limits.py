"""How much one document may ask for: tokens, depth, aliases, cost; and who may see the schema.

Depth, aliases and cost are measured by ourselves, each fragment once: strawberry's limiters walk
through a fragment at every mention of it, which forty lines make longer than anybody lives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, NamedTuple

from channels.db import database_sync_to_async
from django.conf import settings
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    ValidationContext,
    ValidationRule,
)
from strawberry.extensions import MaxTokensLimiter, SchemaExtension

from cms.graphql.problems import limited

MOST_TOKENS, MOST_DEPTH, MOST_ALIASES, MOST_COST = 1_000, 15, 15, 1_000
# Each field costs 1, and these so much more: they ask the database for many rows, or write
_WEIGHTS = {
    "getFilteredMarkers": 100,
    "getFilteredSite": 50,
    "chargingHistories": 100,
    # Of a page of sessions each of its lists counts, by whatever aliases it is asked for again
    "data": 100,
    "count": 50,
    "createOrUpdateSiteWithChargePoints": 200,
    "login": 300,
    "createOneUser": 100,
    "updateOneUser": 100,
}


class Measure(NamedTuple):
    """How much a document, or a part of it, asks for."""

    cost: int = 0
    aliases: int = 0
    depth: int = 0

    def beside(self, other: Measure) -> Measure:
        """Both, one after the other."""
        depth = max(self.depth, other.depth)
        return Measure(self.cost + other.cost, self.aliases + other.aliases, depth)


NOTHING = Measure()


def measured(document: DocumentNode) -> Measure:
    """All operations of a document together. Raises GraphQLError where it cannot be measured."""
    parts = document.definitions
    named = {one.name.value: one for one in parts if isinstance(one, FragmentDefinitionNode)}
    operations = [one for one in parts if isinstance(one, OperationDefinitionNode)]
    try:
        return _of_all(operations, named, {})
    except RecursionError:
        raise limited("The document is nested too deeply") from None


class _Measured(ValidationRule):
    """Comes before all rules: what it refuses nobody walks through."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        found = measured(context.document)
        for name, is_, most in (
            ("cost", found.cost, MOST_COST),
            ("depth", found.depth, MOST_DEPTH),
            ("number of aliases", found.aliases, MOST_ALIASES),
        ):
            if is_ > most:
                shown = is_ if is_ < 10**9 else "far too much"
                raise limited(f"The {name} of the document is {shown}; {most} is the most")


class Allowed(SchemaExtension):
    """What is measured, and the schema for who is known here (for all in development)."""

    def on_operation(self) -> Iterator[None]:
        """Add the rules of this operation."""
        context = self.execution_context
        rules: list[Any] = [_Measured]
        if not (settings.DEBUG or context.context.user.is_authenticated):
            rules.append(NoSchemaIntrospectionCustomRule)
        context.validation_rules = (*rules, *context.validation_rules)
        yield


class Anew(SchemaExtension):
    """On a socket, which may be open for long: who asks is looked at anew for each operation."""

    async def on_operation(self) -> AsyncIterator[None]:
        """Before everything else."""
        await database_sync_to_async(self.execution_context.context.look_again)()
        yield


def tokens() -> SchemaExtension:
    """How long a document may be."""
    return MaxTokensLimiter(MOST_TOKENS)


def _of_all(nodes: Iterable[Any], named: dict[str, Any], known: dict[str, Measure]) -> Measure:
    sum_ = NOTHING
    for node in nodes:
        sum_ = sum_.beside(_of(node, named, known))
    return sum_


def _of(node: Any, named: dict[str, Any], known: dict[str, Measure]) -> Measure:
    if isinstance(node, FragmentSpreadNode):
        return _of_fragment(node.name.value, named, known)
    inner = _of_all(node.selection_set.selections if node.selection_set else (), named, known)
    if not isinstance(node, FieldNode):
        return inner
    cost = 1 + _WEIGHTS.get(node.name.value, 0) + inner.cost
    return Measure(cost, bool(node.alias) + inner.aliases, 1 + inner.depth)


def _of_fragment(name: str, named: dict[str, Any], known: dict[str, Measure]) -> Measure:
    if name not in known:
        known[name] = NOTHING  # inside of itself, or unknown: other rules refuse it
        if name in named:
            found = _of(named[name], named, known)
            known[name] = found._replace(cost=found.cost + 1)
    return known[name]
