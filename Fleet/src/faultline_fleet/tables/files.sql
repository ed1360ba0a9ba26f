-- Every file that was answered for, also those whose content is another file's: what the next run need not read.
SELECT path, bytes, modified, sha256, outcome
FROM answered
WHERE outcome NOT IN ('no-such-file', 'not-fetched')
