-- Failures for which something is known: a fix (hotfix, service pack, upgrade) of a confirmed or probable known issue,
-- only a workaround or setting, or no step at all.
WITH known AS (
  SELECT
    sha256,
    max(arrays_overlap(fix, array('install-hotfix', 'install-service-pack', 'upgrade'))) AS fix,
    max(arrays_overlap(fix, array('workaround', 'configure'))) AS workaround,
    max(verdict = 'confirmed') AS confirmed
  FROM findings WHERE verdict IN ('confirmed', 'probable')
  GROUP BY sha256
)
SELECT
  count(*) AS failures,
  count_if(coalesce(k.fix, false)) AS with_fix,
  count_if(NOT coalesce(k.fix, false) AND coalesce(k.workaround, false)) AS only_workaround,
  count_if(k.sha256 IS NOT NULL AND NOT coalesce(k.fix, false) AND NOT coalesce(k.workaround, false)) AS issue_without_step,
  count_if(k.sha256 IS NULL) AS unknown,
  count_if(coalesce(k.confirmed, false)) AS confirmed,
  round(100.0 * count_if(coalesce(k.fix, false)) / nullif(count(*), 0), 1) AS percent_with_fix
FROM cases c LEFT JOIN known k USING (sha256)
WHERE c.signature_id IS NOT NULL
