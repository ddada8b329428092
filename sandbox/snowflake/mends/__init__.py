"""Small mends of fakesnow and sqlglot, one idea each, to be dropped when an upgrade has them."""
