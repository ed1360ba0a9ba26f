-- Machines that failed, whose failure a known fix explains and whose own newest list of updates lacks it. Machines
-- without a list are shown as such: whether they lack the fix is not known.
WITH failed AS (
  SELECT
    c.machine, f.article, max(f.title) AS title, count(DISTINCT c.sha256) AS failures, max(c.day) AS last_day,
    max(c.time) AS last_time
  FROM findings f JOIN cases c USING (sha256)
  WHERE f.verdict IN ('confirmed', 'probable') AND f.applicability = 'applies'
    AND c.machine IS NOT NULL AND c.signature_id IS NOT NULL
    AND arrays_overlap(f.fix, array('install-hotfix', 'install-service-pack', 'upgrade'))
  GROUP BY c.machine, f.article
), lists AS (
  SELECT machine, max_by(sha256, struct(coalesce(time, TIMESTAMP'1970-01-01 00:00:00'), updates_listed, sha256)) AS sha256
  FROM cases WHERE updates_listed > 0 AND machine IS NOT NULL
  GROUP BY machine
), installed AS (
  SELECT l.machine, regexp_replace(upper(u.update), '^(KB|Q)', '') AS number
  FROM lists l JOIN updates u USING (sha256)
)
SELECT
  f.machine, f.article, f.title, f.failures, f.last_day,
  CASE WHEN l.machine IS NULL THEN 'no list of updates' ELSE 'lacks it' END AS state
FROM failed f
LEFT JOIN lists l USING (machine)
LEFT ANTI JOIN installed i
  ON i.machine = f.machine AND i.number = regexp_replace(upper(f.article), '^(KB|Q)', '')
ORDER BY l.machine IS NULL, f.failures DESC, f.machine, f.article
LIMIT :top
