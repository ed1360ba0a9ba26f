-- The share of failures with a known fix, by week (from Monday) over the 26 weeks until the last day: is it getting better?
WITH fixed AS (
  SELECT DISTINCT sha256 FROM findings
  WHERE verdict IN ('confirmed', 'probable')
    AND arrays_overlap(fix, array('install-hotfix', 'install-service-pack', 'upgrade'))
)
SELECT
  CAST(date_trunc('WEEK', c.day) AS DATE) AS week, count(*) AS failures, count(f.sha256) AS with_fix,
  round(100.0 * count(f.sha256) / count(*), 1) AS percent_with_fix
FROM cases c LEFT JOIN fixed f USING (sha256)
WHERE c.signature_id IS NOT NULL AND c.day <= :until
  AND c.day >= date_sub(CAST(date_trunc('WEEK', :until) AS DATE), 25 * 7)
GROUP BY 1
ORDER BY week
