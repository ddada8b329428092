"""Which customers will leave: labels, training set, model, evaluation; `__main__.py` is the way through."""
