-- The biggest failures: all of them, the last 28 days beside the 28 before, machines, and the best known issue.
SELECT
  c.signature_id, max(c.signature_text) AS signature, count(*) AS failures,
  round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent,
  count(DISTINCT c.machine) AS machines,
  count_if(c.day > date_sub(:until, 28) AND c.day <= :until) AS last_28_days,
  count_if(c.day > date_sub(:until, 56) AND c.day <= date_sub(:until, 28)) AS the_28_before,
  min(c.day) AS first_day, max(c.day) AS last_day,
  max_by(f.article, struct(f.confidence, f.article)) AS article
FROM cases c
LEFT JOIN findings f ON f.sha256 = c.sha256 AND f.rank = 0 AND f.verdict IN ('confirmed', 'probable')
WHERE c.signature_id IS NOT NULL
GROUP BY c.signature_id
ORDER BY failures DESC, signature_id
LIMIT :top
