import Facts

/// The words by which articles tell how something failed. Phrases in lower case; a phrase counts once in a passage, and
/// `…` stands for a few words.
///
/// Weights: 3 the article names the mechanism itself, 2 it describes it, 1 it mentions what often goes with it. Read from
/// the cause sections of the archive's articles on stop errors, leaks and hangs.
enum ArticleMechanismTerms {
  static let table: [(mechanism: Mechanism, terms: [(phrase: String, weight: Double)])] = [
    (
      .race,
      [
        ("race condition", 4), ("incorrect synchronization", 4), ("synchronization issue", 3),
        ("synchronization problem", 3), ("synchronization logic", 3), ("synchronization error", 2),
        ("lack of synchronization", 3),
        ("improper synchronization", 3), ("properly synchronized", 3), ("timing problem", 3), ("timing issue", 3),
        ("timing window", 3), ("timing condition", 3), ("not synchronized", 1.5), ("wrong order", 2),
        ("at the same time", 0.75),
        ("by another thread", 3), ("another thread", 1), ("the other processor", 2), ("other processor was", 2),
        ("simultaneously", 0.75), ("multiprocessor", 0.5), ("while another", 0.75), ("two threads", 1),
        ("without locking", 2),
        ("without holding", 2), ("does not hold the lock", 2), ("not protected by", 2), ("out of order", 1),
      ]
    ),
    (
      .deadlock,
      [
        ("deadlock", 4), ("dead lock", 4), ("circular wait", 3), ("lock inversion", 3), ("wait for each other", 3),
        ("waiting for each other", 3), ("waits indefinitely", 2), ("wait indefinitely", 2), ("never released", 1.5),
        ("does not release the lock", 2), ("waiting for a lock", 2), ("infinite wait", 2),
      ]
    ),
    (
      .leak,
      [
        ("memory leak", 4), ("pool leak", 4), ("handle leak", 4), ("leaks", 3), (" leak ", 3), (" leak.", 3),
        ("leaked", 3),
        ("leaking", 3), ("may leak", 3), ("not freed", 3), ("not de-allocate", 3), ("not deallocate", 3),
        ("never freed", 3), ("not later deallocated", 3), ("does not free", 3), ("not being freed", 3),
        ("not properly freed", 3), ("not properly decrement", 3), ("not released", 1.5), ("does not release", 1.5),
        ("not de-allocated", 3), ("not deallocated", 3), ("fails to free", 3), ("is not closed", 1.5),
        ("handles are not closed", 3), ("reference count is not decremented", 2), ("allocated but not", 3),
      ]
    ),
    (
      .exhaustion,
      [
        ("exhaust", 2), ("runs out of", 2), ("running out of", 2), ("low memory condition", 2),
        ("insufficient resources", 2), ("insufficient memory", 2), ("out of memory", 2), ("pool was empty", 1),
        ("depleted", 2), ("depletion", 2), ("stack overflow", 3), ("not enough memory", 2), ("no more system ptes", 3),
        ("kernel stack", 0.5), ("uses all available", 2), ("limit is reached", 1.5), ("fragmented", 0.5),
      ]
    ),
    (
      .memoryCorruption,
      [
        ("memory corruption", 3), ("pool corruption", 4), ("overwrite in", 3), ("corrupts", 1.5),
        ("heap corruption", 4), ("stack corruption", 4),
        ("corrupts memory", 4),
        ("memory becomes corrupted", 4), ("memory is corrupted", 4), ("packet corruption", 2), ("corrupts pool", 4),
        ("corrupts the stack", 4), ("corrupts the pool", 4), ("corrupts the heap", 4), ("corrupted pool", 3),
        ("corrupt", 0.75), ("overwrites the stack", 4), ("overwrites memory", 4), ("overwrites the", 1.5),
        ("memory is overwritten", 4), ("stack is overwritten", 4), ("overwritten", 1), ("buffer overrun", 4),
        ("buffer overflow", 4),
        ("past the end", 3), ("beyond the end", 3), ("already free", 4), ("freed twice", 4), ("frees … twice", 4),
        ("free … twice", 2), ("duplicate free", 4),
        ("double free", 4), ("frees the same", 3), ("inadvertently freed", 4), ("already been freed", 4),
        ("after it is freed", 4), ("after it has been freed", 4), ("has been freed", 3), ("freed memory", 3),
        ("free pool", 1), ("is accessed after", 2), ("page boundary", 2), ("fixed length", 1.5), ("object twice", 3),
        ("writes outside", 3), ("out of bounds", 3), ("smaller than the", 1), ("wrong address", 1.5),
        ("dangling", 3), ("stale pointer", 3), ("use after free", 4),
      ]
    ),
    (
      .nullDereference,
      [
        ("null pointer", 4), ("set to null", 3), ("null value", 2), ("value of null", 2), ("dereference a null", 4),
        ("dereferences a null", 4),
        ("null reference", 4), ("pointer is null", 4), ("pointer is not initialized", 3), ("uninitialized pointer", 4),
        ("uninitialized variable", 1.5), ("not been initialized", 1), ("is null", 1.5), ("returns null", 2),
      ]
    ),
    (
      .badInput,
      [
        ("malformed", 4), ("invalid … packet", 2), ("invalid … datagram", 3), ("corrupted … packet", 2),
        ("corrupted … datagram", 2), ("illegal ", 2), ("invalid packet", 3), ("invalid parameter", 2),
        ("invalid field", 2),
        ("invalid request", 2), ("invalid data", 2), ("invalid fragment", 2), ("bad packet", 3),
        ("packet length of", 4),
        ("specially crafted", 4), ("specially-malformed", 2), ("without the null character", 3),
        ("does not validate", 3),
        ("does not correctly validate", 3), ("does not check the", 2), ("does not check to see", 1),
        ("not checking", 1.5), ("does not verify", 2), ("incorrect response", 2), ("unexpected packet", 2),
        ("unexpected response", 2), ("larger than the maximum", 1.5),
        ("invalid length", 3), ("incorrect length", 2), ("deliberate attempt", 3), ("zero-length", 1.5),
        ("zero length", 1),
      ]
    ),
  ]

  /// Words that say that something went wrong without saying how: with them a cause is stated, and it is none of the above.
  static let failureWords = [
    "not correct", "incorrect", "bug", "regression", "fail", "not handl", "does not", "conflict", "mismatch",
  ]
}
