"""Logins, users, roles, permissions: who may do what.

`principals` and `permissions` are the rule, free of storage; `store` keeps both in the databases' catalogs;
`access` is the question that the rest of the engine asks; `statements` and `grants` are the T-SQL that
changes them; `views`, `visibility` and `functions` are what a client sees of them.
"""
