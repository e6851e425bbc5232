/**
   @file hash.h
   A hash of bytes, for tables and names; of no use against who chooses the bytes.
*/
#ifndef WX_OS_HASH_H
#define WX_OS_HASH_H

#include <stddef.h>
#include <stdint.h>

/// FNV-1a, 64 bits.
static inline uint64_t wx_hash(const char *bytes, size_t size) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; ++i)
    hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
  return hash;
}

#endif
