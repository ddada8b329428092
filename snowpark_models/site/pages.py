"""What each page shows, ready for its template: no template reads a declaration itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from snowpark_models.model import LAYERS, Model
from snowpark_models.site.code import Piece, code_of
from snowpark_models.site.drawing import Drawing, drawing_of
from snowpark_models.site.lineage import Lineage, lineage_of
from snowpark_models.sources import SCHEMA, SOURCES, Source


@dataclass(frozen=True)
class ColumnRow:
    """A column with the neighbours of its model that have one of the same name."""

    name: str
    type: str
    description: str
    nullable: bool
    personal: bool
    in_key: bool
    upstreams: Sequence[str]
    downstreams: Sequence[str]


@dataclass(frozen=True)
class ModelPage:
    """All that is declared of a model, and its neighbours."""

    model: Model
    columns: Sequence[ColumnRow]
    downstreams: Sequence[str]
    drawing: Drawing
    file: str
    code: Sequence[Piece]

    @property
    def width(self) -> int:
        """How many columns it has."""
        return len(self.columns)

    @property
    def routes(self) -> list[str]:
        """How changes of an upstream are followed, where the model says so."""
        return [f"{upstream} through {through}" for upstream, through in self.model.routes.items()]


@dataclass(frozen=True)
class SourcePage:
    """A mirror, and what reads it."""

    source: Source
    downstreams: Sequence[str]
    drawing: Drawing

    @property
    def table(self) -> str:
        """Schema and name of the mirror."""
        return f"{SCHEMA}.{self.source.relation}"

    @property
    def freshness(self) -> str:
        """How old its newest change may be, in words."""
        warn_after = self.source.freshness.warn_after
        if warn_after is None:
            return "as it likes"
        hours = round(warn_after / timedelta(hours=1))
        return _counted(hours // 24, "day") if hours % 24 == 0 else _counted(hours, "hour")


@dataclass(frozen=True)
class Site:
    """All pages; `layers` has the models by layer, in the order of building."""

    layers: Mapping[str, Sequence[ModelPage]]
    sources: Sequence[SourcePage]
    drawing: Drawing

    @property
    def models(self) -> list[ModelPage]:
        """The pages of all models."""
        return [page for pages in self.layers.values() for page in pages]


def address(name: str, column: str | None = None) -> str:
    """Where the page of a model or a source lies in the site, or a column on it."""
    page = f"{'sources' if name in SOURCES else 'models'}/{name}.html"
    return page if column is None else f"{page}#column-{column}"


def site_of(models: Sequence[Model]) -> Site:
    """The pages of models that are given in the order of building."""
    lineage = lineage_of(models)
    by_name = {model.name: model for model in models}
    pages = [_model_page(model, lineage, by_name) for model in models]
    return Site(
        {layer: [page for page in pages if page.model.layer == layer] for layer in LAYERS},
        [
            SourcePage(SOURCES[name], lineage.downstreams(name), drawing_of(lineage.around(name)))
            for name in lineage.names
            if name in SOURCES
        ],
        drawing_of(lineage),
    )


def _model_page(model: Model, lineage: Lineage, by_name: Mapping[str, Model]) -> ModelPage:
    downstreams = lineage.downstreams(model.name)
    return ModelPage(
        model,
        _column_rows(model, downstreams, by_name),
        downstreams,
        drawing_of(lineage.around(model.name)),
        f"{model.function.__module__.replace('.', '/')}.py",
        code_of(model),
    )


def _column_rows(model: Model, downstreams: Sequence[str], by_name: Mapping[str, Model]) -> list[ColumnRow]:
    def having(names: Sequence[str], column: str) -> list[str]:
        return [name for name in names if name in by_name and column.upper() in by_name[name].columns]

    return [
        ColumnRow(
            column.name,
            column.type,
            column.description,
            column.nullable,
            column.personal,
            column.name in model.key,
            having(model.upstreams, column.name),
            having(downstreams, column.name),
        )
        for column in model.contract
    ]


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
