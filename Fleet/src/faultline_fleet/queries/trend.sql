-- Failures by week (from Monday) over the 26 weeks until the last day: the five biggest signatures of that time, and all others.
WITH recent AS (
  SELECT
    CAST(date_trunc('WEEK', day) AS DATE) AS week, signature_id, signature_text
  FROM cases
  WHERE signature_id IS NOT NULL AND day <= :until
    AND day >= date_sub(CAST(date_trunc('WEEK', :until) AS DATE), 25 * 7)
), leaders AS (
  SELECT
    signature_id, max(signature_text) AS signature,
    row_number() OVER (ORDER BY count(*) DESC, signature_id) AS place
  FROM recent GROUP BY signature_id
)
SELECT
  r.week, least(l.place, 6) AS place,
  IF(l.place <= 5, l.signature, 'all others') AS signature,
  count(*) AS failures
FROM recent r JOIN leaders l USING (signature_id)
GROUP BY 1, 2, 3
ORDER BY week, place
