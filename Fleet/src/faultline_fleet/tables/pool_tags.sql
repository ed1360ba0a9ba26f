-- Pool by tag, of dumps that hold pool and of pool logs.
SELECT
  sha256, position, t.tag, t.pool, t.bytes, t.bytesPerHour AS bytes_per_hour, t.verdict, t.driver, day
FROM fresh LATERAL VIEW posexplode(line.poolTags) AS position, t
