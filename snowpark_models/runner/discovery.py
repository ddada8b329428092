"""Find the models: import every file of the layers' folders."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from snowpark_models.errors import DefinitionError, LineageError, ModelError
from snowpark_models.model import LAYERS, Model


def discover(package: str = "snowpark_models") -> list[Model]:
    """The models of all layers' folders of a package; files whose name begins with _ hold helpers, no models.

    Raises:
        DefinitionError: a file that cannot be imported.
        LineageError: a file without a model of its name, or with more than that one.
        ContractError: a contract that is not well formed.
    """
    return [model for layer in LAYERS for model in _models_of(f"{package}.{layer}")]


def _models_of(folder: str) -> list[Model]:
    names = [found.name for found in pkgutil.iter_modules(importlib.import_module(folder).__path__)]
    return [_model_of(folder, name) for name in sorted(names) if not name.startswith("_")]


def _imported(module: str) -> ModuleType:
    """A model's file, imported.

    Raises:
        DefinitionError: the file cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ModelError:
        raise
    except Exception as error:
        file = f"{module.replace('.', '/')}.py"
        raise DefinitionError(f"{file} cannot be imported: {type(error).__name__}: {error}") from error


def _model_of(folder: str, name: str) -> Model:
    module = _imported(f"{folder}.{name}")
    declared = [
        value
        for value in vars(module).values()
        if isinstance(value, Model) and value.function.__module__ == module.__name__
    ]
    if [model.name for model in declared] != [name]:
        found = ", ".join(model.name for model in declared) or "none"
        raise LineageError(
            f"{folder.replace('.', '/')}/{name}.py must hold one model, called {name}; it holds {found}"
        )
    return declared[0]
