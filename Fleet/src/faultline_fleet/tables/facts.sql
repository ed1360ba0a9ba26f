-- What the evidence says, fact by fact. Empty where `collect` was told --no-facts.
SELECT sha256, f.id, f.kind, f.text, f.trust, f.origin, f.attributes, day
FROM fresh LATERAL VIEW explode(line.facts) AS f
