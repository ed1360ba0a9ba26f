-- Pool tags that leak, by the version of the driver that allocates with them. The version is that of the module in the
-- same dump; a pool log has none, so there it is what the machine's nearest dump had loaded.
WITH leaks AS (
  SELECT p.sha256, p.tag, p.pool, p.driver, p.bytes, p.bytes_per_hour, c.machine, c.time
  FROM pool_tags p JOIN cases c USING (sha256)
  WHERE p.verdict = 'leak'
), loaded AS (
  SELECT m.sha256, lower(m.name) AS driver, m.version, c.machine, c.time
  FROM modules m JOIN cases c USING (sha256)
  WHERE m.version IS NOT NULL AND lower(m.name) IN (SELECT lower(driver) FROM leaks)
), versions AS (
  SELECT
    l.sha256, l.tag, l.pool,
    min_by(d.version, struct(d.sha256 <> l.sha256, abs(unix_seconds(d.time) - unix_seconds(l.time)), d.version)) AS version
  FROM leaks l JOIN loaded d
    ON d.driver = lower(l.driver) AND (d.sha256 = l.sha256 OR d.machine = l.machine)
  GROUP BY l.sha256, l.tag, l.pool
)
SELECT
  l.tag, l.pool, l.driver, v.version,
  count(DISTINCT l.sha256) AS cases, count(DISTINCT l.machine) AS machines,
  CAST(round(percentile(l.bytes_per_hour, 0.5)) AS BIGINT) AS bytes_per_hour,
  CAST(max(l.bytes) AS DECIMAL(20, 0)) AS largest_bytes
FROM leaks l LEFT JOIN versions v USING (sha256, tag, pool)
GROUP BY l.tag, l.pool, l.driver, v.version
ORDER BY cases DESC, bytes_per_hour DESC NULLS LAST, tag, pool, driver, version
LIMIT :top
