-- Files that were set aside, and why.
SELECT path, bytes, modified, sha256, outcome, reason
FROM answered
WHERE outcome <> 'read'
