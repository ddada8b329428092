-- What a customer was, and until when: of changes at one commit time the last was there to be seen.
WITH seen AS (
    SELECT
        customer_id,
        _committed_at AS at_time,
        CASE WHEN _operation <> 1 THEN {
            'country': upper(country_code), 'segment': segment, 'credit': credit_limit, 'active': is_active
        } END AS version
    FROM raw.customers__changes
    QUALIFY row_number() OVER (PARTITION BY customer_id, _committed_at ORDER BY _position DESC) = 1
),
changed AS (
    SELECT * FROM seen
    QUALIFY version IS DISTINCT FROM lag(version) OVER (PARTITION BY customer_id ORDER BY at_time)
)
SELECT
    customer_id,
    version.country AS country_code,
    version.segment AS segment,
    version.credit AS credit_limit,
    version.active AS is_active,
    at_time AS valid_from,
    lead(at_time) OVER (PARTITION BY customer_id ORDER BY at_time) AS valid_to,
    valid_to IS NULL AS is_current
FROM changed
QUALIFY version IS NOT NULL
