-- Installed updates, of inventories and hives.
SELECT sha256, position, u AS update, day
FROM fresh LATERAL VIEW posexplode(line.updates) AS position, u
