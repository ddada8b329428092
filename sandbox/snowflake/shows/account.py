"""What SHOW lists of the objects that are remembered: of the account, and of schemas beside their tables."""

from __future__ import annotations

from sandbox.snowflake.inert import GRANTS, OBJECTS

SIZES = """
CASE upper(replace(coalesce({0}, 'XSMALL'), '-', '')) WHEN 'XSMALL' THEN 'X-Small' WHEN 'SMALL' THEN 'Small'
    WHEN 'MEDIUM' THEN 'Medium' WHEN 'LARGE' THEN 'Large' WHEN 'XLARGE' THEN 'X-Large' ELSE {0} END
"""
PLACED = """
split_part(name, '.', 3) AS name, split_part(name, '.', 1) AS database_name,
    split_part(name, '.', 2) AS schema_name
"""
COMMENT = "coalesce(options->>'COMMENT', '') AS comment"
AT_PERCENT = """
list_aggregate(list_transform(list_filter(string_split(coalesce(options->>'TRIGGERS', ''), ','),
    lambda t: ends_with(t, ' {0}')), lambda t: split_part(t, ' ', 1) || '%'), 'string_agg', ',') AS {1}
"""
"""The percentages at which a monitor does something, as a list."""


def _remembered(kind: str, columns: str) -> str:
    return f"SELECT {columns} FROM {OBJECTS} o WHERE kind = '{kind}'"


LISTS: dict[str, str] = {
    "WAREHOUSES": _remembered(
        "WAREHOUSE",
        f"""name,
    if(options->>'STATE' = 'SUSPEND' OR options->>'INITIALLY_SUSPENDED' ILIKE 'true', 'SUSPENDED', 'STARTED')
        AS state, 'STANDARD' AS type, {SIZES.format("options->>'WAREHOUSE_SIZE'")} AS size,
    1 AS min_cluster_count, 1 AS max_cluster_count, 1 AS started_clusters, 0 AS running, 0 AS queued,
    'N' AS is_default, CASE WHEN name = $warehouse THEN 'Y' ELSE 'N' END AS is_current,
    coalesce(options->>'AUTO_SUSPEND', '600')::INTEGER AS auto_suspend,
    lower(coalesce(options->>'AUTO_RESUME', 'true')) AS auto_resume, '100' AS available, '0' AS provisioning,
    '0' AS quiescing, '0' AS other, created_on, created_on AS resumed_on, created_on AS updated_on,
    'SYSADMIN' AS owner, {COMMENT}, 'false' AS enable_query_acceleration,
    8 AS query_acceleration_max_scale_factor,
    coalesce(options->>'RESOURCE_MONITOR', 'null') AS resource_monitor, 'STANDARD' AS scaling_policy,
    NULL AS budget, 'ROLE' AS owner_role_type, NULL AS resource_constraint""",
    ),
    "ROLES": _remembered(
        "ROLE",
        f"""created_on, name, 'N' AS is_default, CASE WHEN name = $role THEN 'Y' ELSE 'N' END AS is_current,
    'N' AS is_inherited,
    (SELECT count(*) FROM {GRANTS} g WHERE g.granted_on = 'ROLE' AND g.name = o.name
        AND g.granted_to = 'USER') AS assigned_to_users,
    (SELECT count(*) FROM {GRANTS} g WHERE g.granted_on = 'ROLE' AND g.name = o.name
        AND g.granted_to = 'ROLE') AS granted_to_roles,
    (SELECT count(*) FROM {GRANTS} g WHERE g.granted_on = 'ROLE' AND g.granted_to = 'ROLE'
        AND g.grantee_name = o.name) AS granted_roles,
    'USERADMIN' AS owner, {COMMENT}""",
    ),
    "USERS": _remembered(
        "USER",
        f"""name, created_on, coalesce(options->>'LOGIN_NAME', name) AS login_name, name AS display_name,
    '' AS first_name, '' AS last_name, coalesce(options->>'EMAIL', '') AS email, '' AS mins_to_unlock,
    '' AS days_to_expiry, {COMMENT}, lower(coalesce(options->>'DISABLED', 'false')) AS disabled,
    'false' AS must_change_password, 'false' AS snowflake_lock,
    coalesce(options->>'DEFAULT_WAREHOUSE', '') AS default_warehouse,
    coalesce(options->>'DEFAULT_NAMESPACE', '') AS default_namespace,
    coalesce(options->>'DEFAULT_ROLE', '') AS default_role, '["ALL"]' AS default_secondary_roles,
    'false' AS ext_authn_duo, '' AS ext_authn_uid, '' AS mins_to_bypass_mfa, 'USERADMIN' AS owner,
    NULL AS last_success_login, NULL AS expires_at_time, NULL AS locked_until_time, 'false' AS has_password,
    if(coalesce(options->>'RSA_PUBLIC_KEY', '') <> '', 'true', 'false') AS has_rsa_public_key,
    upper(coalesce(options->>'TYPE', 'PERSON')) AS type""",
    ),
    "RESOURCE MONITORS": _remembered(
        "RESOURCE MONITOR",
        f"""name, (options->>'CREDIT_QUOTA')::DECIMAL(18, 2)::VARCHAR AS credit_quota, '0.0' AS used_credits,
    (options->>'CREDIT_QUOTA')::DECIMAL(18, 2)::VARCHAR AS remaining_credits,
    if(EXISTS (SELECT 1 FROM {OBJECTS} w WHERE w.kind = 'WAREHOUSE'
        AND w.options->>'RESOURCE_MONITOR' = o.name), 'WAREHOUSE', NULL) AS level,
    upper(coalesce(options->>'FREQUENCY', 'MONTHLY')) AS frequency, options->>'START_TIMESTAMP' AS start_time,
    NULL AS end_time, {AT_PERCENT.format("NOTIFY", "notify_at")},
    {AT_PERCENT.format("SUSPEND", "suspend_at")},
    {AT_PERCENT.format("SUSPEND_IMMEDIATE", "suspend_immediately_at")}, created_on,
    'ACCOUNTADMIN' AS owner, {COMMENT}""",
    ),
    "NETWORK POLICIES": _remembered("NETWORK POLICY", f"created_on, name, {COMMENT}"),
    "EXTERNAL VOLUMES": _remembered(
        "EXTERNAL VOLUME",
        f"name, upper(coalesce(options->>'ALLOW_WRITES', 'TRUE')) AS allow_writes, {COMMENT}",
    ),
    "TAGS": _remembered(
        "TAG",
        f"""created_on, {PLACED}, 'SYSADMIN' AS owner, {COMMENT},
    options->>'ALLOWED_VALUES' AS allowed_values, 'ROLE' AS owner_role_type""",
    ),
    "MASKING POLICIES": _remembered(
        "MASKING POLICY",
        f"""created_on, {PLACED}, 'MASKING_POLICY' AS kind, 'SYSADMIN' AS owner, {COMMENT},
    'ROLE' AS owner_role_type, '' AS options""",
    ),
}
"""The engine's query by what SHOW names; `$role`, `$warehouse`: the session's."""
