"""The command `python -m snowpark_models`: one file a subcommand."""
