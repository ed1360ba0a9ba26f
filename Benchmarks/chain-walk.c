/* What a plain program needs to count kernel pool exactly: every page of a 64-bit dump of type 1 whose blocks lead from its first
 * byte to its last is counted, live and freed blocks and bytes for each tag and pool. Peer of `faultline dump pool` in
 * Benchmarks/pool; header and rules are those of Documentation/Formats/pool.md for Vista to 10 1809 on x64. No page tables are
 * read, so pages that nothing maps any more are counted too.
 *
 * usage: chain-walk DUMP     rows: tag, pool, live, bytes, free, bytes */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 0x2000, PAGE = 4096, SLOTS = 1 << 14 };

struct use {
  uint64_t key, live, live_bytes, free, free_bytes;
};
static struct use table[SLOTS];

static struct use *slot(uint64_t key) {
  uint32_t at = (uint32_t)((key * 0x9E3779B97F4A7C15ull) >> 40) & (SLOTS - 1);
  while (table[at].key != key) {
    if (!table[at].key) { table[at].key = key; break; }
    at = (at + 1) & (SLOTS - 1);
  }
  return &table[at];
}

static uint32_t word(const uint8_t *page, unsigned offset) {
  uint32_t value;
  memcpy(&value, page + offset, 4);
  return value;
}

static int plausible(uint32_t tag) {
  tag &= 0x7FFFFFFF;
  for (int byte = 0; byte < 4; byte++) {
    uint8_t c = (uint8_t)(tag >> 8 * byte);
    if (c && (c < 0x20 || c > 0x7E)) return 0;
  }
  return tag != 0;
}

static void count(const uint8_t *page) {
  unsigned offset = 0, previous = 0, blocks = 0;
  int paged = -1;
  while (offset < PAGE) {
    uint32_t head = word(page, offset);
    unsigned size = (head >> 16 & 0xFF) * 16, before = (head & 0xFF) * 16;
    if (!size || before != previous || size > PAGE - offset) return;
    if (head >> 24 & 2) {
      if (paged < 0) paged = head >> 24 & 1;
      if (blocks < 4 && !plausible(word(page, offset + 4))) return;
    }
    blocks++;
    previous = size;
    offset += size;
  }
  if (blocks < 2) return;
  for (offset = 0; offset < PAGE;) {
    uint32_t head = word(page, offset);
    unsigned size = (head >> 16 & 0xFF) * 16;
    struct use *use = slot(1ull << 40 | (uint64_t)(word(page, offset + 4) & 0x7FFFFFFF) << 1 | (paged == 1));
    if (head >> 24 & 2) { use->live++; use->live_bytes += size; } else { use->free++; use->free_bytes += size; }
    offset += size;
  }
}

int main(int argc, char **argv) {
  if (argc != 2) return fputs("usage: chain-walk DUMP\n", stderr), 64;
  int file = open(argv[1], O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) || status.st_size < HEADER) return perror(argv[1]), 66;
  const uint8_t *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED) return perror("mmap"), 74;
  madvise((void *)bytes, (size_t)status.st_size, MADV_SEQUENTIAL);
  for (off_t at = HEADER; at + PAGE <= status.st_size; at += PAGE) count(bytes + at);
  for (int at = 0; at < SLOTS; at++) {
    const struct use *use = &table[at];
    if (!use->key) continue;
    uint32_t tag = (uint32_t)(use->key >> 1 & 0x7FFFFFFF);
    for (int byte = 0; byte < 4; byte++) putchar(tag >> 8 * byte & 0xFF ? (int)(tag >> 8 * byte & 0xFF) : '.');
    printf("\t%s\t%llu\t%llu\t%llu\t%llu\n", use->key & 1 ? "paged" : "nonpaged", (unsigned long long)use->live,
      (unsigned long long)use->live_bytes, (unsigned long long)use->free, (unsigned long long)use->free_bytes);
  }
  return 0;
}
