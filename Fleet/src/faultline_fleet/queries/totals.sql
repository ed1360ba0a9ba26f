-- What the tables hold: files that were read or set aside, contents, failures, machines, and what was set aside.
-- A failure is a case with a signature.
SELECT
  (SELECT count(*) FROM (SELECT path FROM files UNION SELECT path FROM poison)) AS files,
  count(*) AS cases,
  count(signature_id) AS failures,
  count(DISTINCT signature_id) AS signatures,
  count(DISTINCT machine) AS machines,
  (SELECT count(*) FROM poison) AS set_aside,
  min(IF(signature_id IS NOT NULL, day, NULL)) AS first_day,
  max(IF(signature_id IS NOT NULL, day, NULL)) AS last_day
FROM cases
