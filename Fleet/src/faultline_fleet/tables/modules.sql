-- Loaded modules of dumps, in load order.
SELECT sha256, position, m.name, m.version, m.timestamp, m.size, day
FROM fresh LATERAL VIEW posexplode(line.modules) AS position, m
