-- The known issues a case was matched with; rank 0 is the best.
SELECT sha256, rank, f.article, f.title, f.mechanism, f.verdict, f.confidence, f.applicability, f.fix, day
FROM fresh LATERAL VIEW posexplode(line.findings) AS rank, f
