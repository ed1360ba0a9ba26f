-- Known fixes, by the failures they would remove: those they were matched with (confirmed or probable) on a machine
-- they apply to. A failure that two articles explain counts for both.
-- A fix is a hotfix, a service pack or an upgrade, not a workaround.
SELECT
  f.article, max(f.title) AS title,
  count(DISTINCT IF(f.applicability = 'applies', c.sha256, NULL)) AS would_remove,
  count(DISTINCT c.sha256) AS matched,
  count(DISTINCT IF(f.applicability = 'applies', c.machine, NULL)) AS machines,
  count(DISTINCT IF(f.verdict = 'confirmed', c.sha256, NULL)) AS confirmed,
  max(c.day) AS last_day
FROM findings f JOIN cases c USING (sha256)
WHERE f.verdict IN ('confirmed', 'probable') AND c.signature_id IS NOT NULL
  AND arrays_overlap(f.fix, array('install-hotfix', 'install-service-pack', 'upgrade'))
GROUP BY f.article
ORDER BY would_remove DESC, matched DESC, article
LIMIT :top
