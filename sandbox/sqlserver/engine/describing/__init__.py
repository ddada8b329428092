"""sp_describe_first_result_set and sp_describe_undeclared_parameters: statements told about, not run."""
