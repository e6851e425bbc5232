#include "support/pkeys.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

enum { KEY = 1, PAGE = 4096, MOST = 1 << 16 };

static struct {
  pthread_mutex_t lock;
  bool taken;
  unsigned writers; ///< Threads that may write.
  size_t count;
  uintptr_t pages[MOST]; ///< Of the key.
} keys = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool writes;

void wx_test_pkeys(void) {
}

static int protection(void) {
  return PROT_READ | PROT_EXEC | (keys.writers ? PROT_WRITE : 0);
}

static void drop_pages(uintptr_t start, size_t size) {
  size_t kept = 0;
  for (size_t i = 0; i < keys.count; ++i)
    if (keys.pages[i] - start >= size)
      keys.pages[kept++] = keys.pages[i];
  keys.count = kept;
}

// Pages that are neighbours by one call, where all of them are mapped. What is no longer mapped is
// forgotten.
static void protect_all(void) {
  size_t kept = 0;
  for (size_t i = 0, end; i < keys.count; i = end) {
    for (end = i + 1; end < keys.count && keys.pages[end] == keys.pages[end - 1] + PAGE;)
      ++end;
    const bool all = mprotect((void *)keys.pages[i], (end - i) * PAGE, protection()) == 0;
    for (size_t page = i; page < end; ++page)
      if (all || mprotect((void *)keys.pages[page], PAGE, protection()) == 0)
        keys.pages[kept++] = keys.pages[page];
  }
  keys.count = kept;
}

static void set_writes(bool may) {
  if (may == writes)
    return;
  const bool could = keys.writers;
  writes = may;
  keys.writers += may ? 1U : -1U;
  if (could != (bool)keys.writers)
    protect_all();
}

int pkey_alloc(unsigned flags, unsigned rights) {
  pthread_mutex_lock(&keys.lock);
  const int key = flags || keys.taken ? -1 : KEY;
  if (key == KEY) {
    keys.taken = true;
    set_writes(!(rights & PKEY_DISABLE_WRITE));
  } else {
    errno = ENOSPC;
  }
  pthread_mutex_unlock(&keys.lock);
  return key;
}

int pkey_free(int key) {
  pthread_mutex_lock(&keys.lock);
  const bool known = key == KEY && keys.taken;
  if (known) {
    keys.taken = false;
    keys.count = 0;
  }
  pthread_mutex_unlock(&keys.lock);
  errno = EINVAL;
  return known ? 0 : -1;
}

int pkey_set(int key, unsigned rights) {
  pthread_mutex_lock(&keys.lock);
  const bool known = key == KEY && keys.taken;
  if (known)
    set_writes(!(rights & PKEY_DISABLE_WRITE));
  pthread_mutex_unlock(&keys.lock);
  errno = EINVAL;
  return known ? 0 : -1;
}

int pkey_mprotect(void *start, size_t size, int wanted, int key) {
  pthread_mutex_lock(&keys.lock);
  const bool tagged = key == KEY && keys.taken;
  int result = tagged || key == 0 ? mprotect(start, size, tagged ? protection() : wanted) : -1;
  drop_pages((uintptr_t)start, size);
  for (size_t at = 0; tagged && result == 0 && at < size && keys.count < MOST; at += PAGE)
    keys.pages[keys.count++] = (uintptr_t)start + at;
  pthread_mutex_unlock(&keys.lock);
  return result;
}
