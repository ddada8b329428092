"""The site of the models: lineage, columns and code as plain pages, made of the declarations alone."""

from snowpark_models.site.writing import write_site

__all__ = ["write_site"]
