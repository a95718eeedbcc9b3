#!/bin/sh
set -eu
cat > /app/repair.sql <<'SQL'
BEGIN;

DELETE FROM movements
WHERE id IN (
    SELECT id
    FROM (
        SELECT id, row_number() OVER (PARTITION BY upper(trim(scan_ref)) ORDER BY id) AS copy
        FROM movements
        WHERE trim(scan_ref) <> ''
    )
    WHERE copy > 1
);

UPDATE movements SET sku = upper(trim(sku)) WHERE sku <> upper(trim(sku));

-- From each old number to the end of its chain.
CREATE TEMP TABLE present AS
WITH RECURSIVE chain (old_sku, new_sku) AS (
    SELECT old_sku, new_sku FROM sku_aliases
    UNION ALL
    SELECT chain.old_sku, sku_aliases.new_sku FROM chain JOIN sku_aliases ON sku_aliases.old_sku = chain.new_sku
)
SELECT old_sku, new_sku FROM chain WHERE new_sku NOT IN (SELECT old_sku FROM sku_aliases);

UPDATE movements SET sku = present.new_sku FROM present WHERE present.old_sku = movements.sku;
DROP TABLE present;

UPDATE movements SET qty = -abs(qty) WHERE kind IN ('issue', 'transfer_out') AND qty > 0;
UPDATE movements SET qty = abs(qty) WHERE kind IN ('receipt', 'transfer_in') AND qty < 0;

UPDATE movements SET moved_at = replace(moved_at, ' ', 'T') || 'Z' WHERE moved_at LIKE '% %';

INSERT INTO quarantine (movement_id, reason)
SELECT id, reason
FROM (
    SELECT id,
        CASE
            WHEN sku NOT IN (SELECT sku FROM items) THEN 'unknown sku'
            WHEN site_id IS NULL OR site_id NOT IN (SELECT id FROM sites) THEN 'unknown site'
            WHEN kind <> 'count' AND qty = 0 THEN 'zero quantity'
            WHEN kind = 'count' AND qty < 0 THEN 'negative count'
        END AS reason
    FROM movements
)
WHERE reason IS NOT NULL;

DELETE FROM movements WHERE id IN (SELECT movement_id FROM quarantine);

COMMIT;
SQL
cat > /app/report.sql <<'SQL'
WITH ranked AS (
    SELECT *,
        -- How many counts come at or after this movement, and how many in all.
        count(*) FILTER (WHERE kind = 'count') OVER (PARTITION BY site_id, sku ORDER BY moved_at DESC, id DESC) AS counts_since,
        count(*) FILTER (WHERE kind = 'count') OVER (PARTITION BY site_id, sku) AS counts
    FROM movements
)
SELECT
    sites.code AS site,
    ranked.sku AS sku,
    sum(qty) FILTER (WHERE counts_since = 0 OR (counts_since = 1 AND kind = 'count')) AS on_hand,
    iif(max(counts) > 0, 'yes', 'no') AS counted,
    max(moved_at) AS last_moved_at
FROM ranked
JOIN sites ON sites.id = ranked.site_id
GROUP BY sites.code, ranked.sku
ORDER BY sites.code, ranked.sku
SQL
cp /data/stock.db /tmp/try.db
python3 /app/run_sql.py /tmp/try.db /app/repair.sql
python3 /app/run_sql.py /tmp/try.db /app/report.sql
