/**
   @file places.h
   Which pages of the address space show the runtime's file, and where in it: a two-level table of
   one word a page. Looking an address up takes no lock and three loads, since it is done for every
   munmap() and mprotect() of the process. Its memory comes straight from the kernel, 1 MiB of
   address space for each 512 MiB in use, of which only what is written becomes real.
*/
#ifndef WX_PRELOAD_PLACES_H
#define WX_PRELOAD_PLACES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
  WX_PLACE_NONE,
  WX_PLACE_BLOCK, ///< A reserved block, committed or not.
  WX_PLACE_VIEW,  ///< A second, writable view.
} WxPlaceKind;

/// What a page shows.
typedef struct {
  WxPlaceKind kind;
  unsigned file;   ///< 0 to 255.
  uint64_t offset; ///< In the file, bytes.
} WxPlace;

/// All zero is the empty table.
typedef struct {
  _Atomic uintptr_t leaves; ///< An array of addresses of arrays of words.
} WxPlaces;

/// The pages of [start, start + size) show `first` and what follows it in the file, or nothing.
/// Addresses at or above 2^48 are left out. Returns 0, or the negative errno of getting memory.
int wx_places_set(WxPlaces *places, uintptr_t start, size_t size, WxPlace first);

/// What the page of `address` shows.
WxPlace wx_places_get(const WxPlaces *places, uintptr_t address);

#endif
