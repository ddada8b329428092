"""What a model's function is called with: upstreams as they are, or only some parts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snowflake.snowpark import DataFrame

from snowpark_models.clock import parts_alone
from snowpark_models.model import Model
from snowpark_models.runner.history import History
from snowpark_models.runner.locality import Route
from snowpark_models.runner.sql import changes as sql
from snowpark_models.runner.warehouse import Warehouse


@dataclass(frozen=True)
class Frames:
    """The upstreams of a model, the quoted table of each parameter; of an SCD2 model its past, too."""

    warehouse: Warehouse
    tables: Mapping[str, str]
    history: History | None = None

    def whole(self, model: Model) -> DataFrame:
        """The model's result over all rows."""
        result = model(**{name: self.warehouse.session.table(self.tables[name]) for name in model.upstreams})
        return self.history.and_now(result) if self.history else result

    def of_parts(self, model: Model, routes: Sequence[Route], parts: str) -> DataFrame:
        """The model's result over the rows of some parts, which a table holds."""
        queries = {route.upstream: self._query(model, route, parts) for route in routes}
        with parts_alone():
            result = model(**{name: self.warehouse.frame(queries[name]) for name in model.upstreams})
        return self.history.and_now(result, parts) if self.history else result

    def without_part(self, model: Model, routes: Sequence[Route]) -> DataFrame:
        """The function's result over the rows of no part, and what they refer to."""
        queries = {route.upstream: self._query(model, route) for route in routes}
        with parts_alone():
            return model(**{name: self.warehouse.frame(queries[name]) for name in model.upstreams})

    def _query(self, model: Model, route: Route, parts: str | None = None) -> str:
        """The rows of an upstream that are of some parts; of no part, where None is given."""
        table = self.tables[route.through or route.upstream]
        chosen = sql.of_parts(table, parts, model.parts) if parts else sql.without_part(table, model.parts)
        if route.through is None:
            return chosen
        return sql.referred_to(self.tables[route.upstream], route.columns, chosen)
