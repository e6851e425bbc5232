#include "reclaim/listing.h"

#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENTRIES_SIZE = 32 * 1024, FIRST_CAPACITY = 256 };

int wx_listing_reserve(WxListing *listing, size_t capacity) {
  if (!listing->entries)
    listing->entries = malloc(ENTRIES_SIZE);
  if (!listing->entries)
    return -ENOMEM;
  if (capacity <= listing->capacity)
    return 0;
  pid_t *numbers = reallocarray(listing->numbers, capacity, sizeof *numbers);
  if (!numbers)
    return -ENOMEM;
  listing->numbers = numbers;
  uint64_t *inodes = reallocarray(listing->inodes, capacity, sizeof *inodes);
  if (!inodes)
    return -ENOMEM;
  listing->inodes = inodes;
  listing->capacity = capacity;
  return 0;
}

// The number that the whole of `name` spells, or -1. The kernel prints no other names with digits.
static pid_t number_of(const char *name) {
  pid_t number = 0;
  for (; *name >= '0' && *name <= '9' && number < INT32_MAX / 10; ++name)
    number = number * 10 + (*name - '0');
  return *name ? -1 : number;
}

static int add_entries(WxListing *listing, size_t length) {
  for (size_t at = 0; at < length;) {
    const struct dirent64 *entry = (const void *)(listing->entries + at);
    const pid_t number = number_of(entry->d_name);
    if (number >= 0 && listing->count == listing->capacity)
      return -ENOBUFS;
    if (number >= 0) {
      listing->inodes[listing->count] = entry->d_ino;
      listing->numbers[listing->count++] = number;
    }
    at += entry->d_reclen;
  }
  return 0;
}

int wx_listing_read(WxListing *listing, int directory) {
  listing->count = 0;
  const int64_t position = wx_os_seek(directory, 0, SEEK_SET);
  int result = position < 0 ? (int)position : 0;
  while (!result) {
    const ssize_t got = wx_os_getdents(directory, listing->entries, ENTRIES_SIZE);
    if (got == 0)
      return 0;
    result = got < 0 ? (int)got : add_entries(listing, (size_t)got);
  }
  return result == -ENOENT ? -ESRCH : result;
}

int wx_listing_read_growing(WxListing *listing, int directory) {
  int result = wx_listing_reserve(listing, FIRST_CAPACITY);
  while (!result) {
    result = wx_listing_read(listing, directory);
    if (result != -ENOBUFS)
      return result;
    result = wx_listing_reserve(listing, listing->capacity * 2);
  }
  return result;
}

void wx_listing_free(WxListing *listing) {
  free(listing->numbers);
  free(listing->inodes);
  free(listing->entries);
  *listing = (WxListing){0};
}
