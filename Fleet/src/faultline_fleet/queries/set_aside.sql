-- Files that were set aside, by outcome, with an example of each.
SELECT outcome, count(*) AS files, min_by(path, path) AS example, min_by(reason, path) AS reason
FROM poison
GROUP BY outcome
ORDER BY files DESC, outcome
