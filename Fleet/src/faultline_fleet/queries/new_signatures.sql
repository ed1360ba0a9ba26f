-- Signatures that were never seen before the last seven days.
SELECT
  signature_id, max(signature_text) AS signature, min(day) AS first_day, count(*) AS failures,
  count(DISTINCT machine) AS machines
FROM cases
WHERE signature_id IS NOT NULL AND day <= :until
GROUP BY signature_id
HAVING min(day) > date_sub(:until, 7)
ORDER BY failures DESC, signature_id
LIMIT :top
