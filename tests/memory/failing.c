#include "memory/failing.h"

#include <check.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// The sanitizer's own functions, under the names that it keeps for whoever replaces them.
void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t count, size_t size);
void *__interceptor_realloc(void *old, size_t size);
void *__interceptor_reallocarray(void *old, size_t count, size_t size);
void *__interceptor_aligned_alloc(size_t alignment, size_t size);
char *__interceptor_strdup(const char *text);
char *__interceptor_strndup(const char *text, size_t most);
void __interceptor_free(void *block);

// Ours, which every allocation of this program and of its libraries calls.
void *replaced_malloc(size_t size) __asm__("malloc");
void *replaced_calloc(size_t count, size_t size) __asm__("calloc");
void *replaced_realloc(void *old, size_t size) __asm__("realloc");
void *replaced_reallocarray(void *old, size_t count, size_t size) __asm__("reallocarray");
void *replaced_aligned_alloc(size_t alignment, size_t size) __asm__("aligned_alloc");
char *replaced_strdup(const char *text) __asm__("strdup");
char *replaced_internal_strdup(const char *text) __asm__("__strdup");
char *replaced_strndup(const char *text, size_t most) __asm__("strndup");
void replaced_free(void *block) __asm__("free");

static _Atomic uint64_t left; // Allocations until one fails; 0: none does.
static atomic_bool persistent;
static atomic_bool failed;
static _Atomic int64_t blocks;
static atomic_bool counting;  // The bytes of blocks: not before the sanitizer can tell them.
static _Atomic int64_t bytes; // Of all blocks since then,
static _Atomic int64_t peak;  // and the most that they were.

// Whether this thread runs what it was started for: what comes before is the sanitizer's.
static __thread bool runs;

typedef struct {
  void *(*start)(void *context);
  void *context;
} Thread;

int __interceptor_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                 void *(*start)(void *context), void *context);
int replaced_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*start)(void *context), void *context) __asm__("pthread_create");

static void *run_thread(void *context) {
  const Thread thread = *(Thread *)context;
  __interceptor_free(context);
  runs = true;
  return thread.start(thread.context);
}

int replaced_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*start)(void *context), void *context) {
  Thread *own = __interceptor_malloc(sizeof *own);
  *own = (Thread){start, context};
  return __interceptor_pthread_create(thread, attributes, run_thread, own);
}

static bool must_fail(void) {
  if (!runs)
    return false;
  uint64_t now = atomic_load(&left);
  while (now > 1 && !atomic_compare_exchange_weak(&left, &now, now - 1))
    ;
  if (now != 1)
    return false;
  if (!atomic_load(&persistent))
    atomic_store(&left, 0);
  atomic_store(&failed, true);
  errno = ENOMEM;
  return true;
}

static void count_bytes(int64_t more) {
  const int64_t now = atomic_fetch_add(&bytes, more) + more;
  int64_t known = atomic_load(&peak);
  while (now > known && !atomic_compare_exchange_weak(&peak, &known, now))
    ;
}

static int64_t size_of(void *block) {
  return block && atomic_load(&counting) ? (int64_t)malloc_usable_size(block) : 0;
}

static void *booked(void *block) {
  atomic_fetch_add(&blocks, block != NULL);
  count_bytes(size_of(block));
  return block;
}

// Both are there while one is copied to the other.
static void *rebooked(void *block, int64_t size, bool gone) {
  atomic_fetch_add(&blocks, (block != NULL) - gone);
  count_bytes(size_of(block));
  count_bytes(gone ? -size : 0);
  return block;
}

void *replaced_malloc(size_t size) {
  return must_fail() ? NULL : booked(__interceptor_malloc(size));
}

void *replaced_calloc(size_t count, size_t size) {
  return must_fail() ? NULL : booked(__interceptor_calloc(count, size));
}

void *replaced_aligned_alloc(size_t alignment, size_t size) {
  return must_fail() ? NULL : booked(__interceptor_aligned_alloc(alignment, size));
}

char *replaced_strdup(const char *text) {
  return must_fail() ? NULL : booked(__interceptor_strdup(text));
}

char *replaced_internal_strdup(const char *text) {
  return replaced_strdup(text);
}

char *replaced_strndup(const char *text, size_t most) {
  return must_fail() ? NULL : booked(__interceptor_strndup(text, most));
}

void *replaced_realloc(void *old, size_t size) {
  if (must_fail())
    return NULL;
  const int64_t before = size_of(old);
  void *block = __interceptor_realloc(old, size);
  return rebooked(block, before, old && (block || size == 0));
}

void *replaced_reallocarray(void *old, size_t count, size_t size) {
  if (must_fail())
    return NULL;
  const int64_t before = size_of(old);
  void *block = __interceptor_reallocarray(old, count, size);
  return rebooked(block, before, old && (block || count == 0 || size == 0));
}

void replaced_free(void *block) {
  atomic_fetch_sub(&blocks, block != NULL);
  count_bytes(-size_of(block));
  __interceptor_free(block);
}

void memory_suffices(void) {
  atomic_store(&left, 0);
}

bool memory_has_failed(void) {
  return atomic_load(&failed);
}

// Returns whether an allocation failed.
static bool try_once(int (*attempt)(void *context), void *context, uint64_t nth, bool on) {
  const int64_t before = atomic_load(&blocks);
  atomic_store(&failed, false);
  atomic_store(&persistent, on);
  atomic_store(&left, nth);
  const int result = attempt(context);
  memory_suffices();
  const char *from = on ? " and all after it" : "";
  ck_assert_msg(result == 0 || (result == -ENOMEM && memory_has_failed()),
                "allocation %lu%s: returned %d", (unsigned long)nth, from, result);
  const int64_t now = atomic_load(&blocks);
  ck_assert_msg(now == before, "allocation %lu%s: %ld blocks are left", (unsigned long)nth, from,
                (long)(now - before));
  return memory_has_failed();
}

uint64_t memory_fail_each(int (*attempt)(void *context), void *context) {
  static atomic_flag begun = ATOMIC_FLAG_INIT;
  uint64_t nth = 1;
  runs = true;
  if (!atomic_flag_test_and_set(&begun)) // A child's memory is another matter.
    ck_assert_int_eq(pthread_atfork(NULL, NULL, memory_suffices), 0);
  ck_assert_int_eq(attempt(context), 0); // What the libraries keep for good is there from now on.
  while (try_once(attempt, context, nth, false)) {
    (void)try_once(attempt, context, nth, true);
    ck_assert_uint_lt(++nth, 1000000);
  }
  return nth - 1;
}

uint64_t memory_most_bytes(int (*attempt)(void *context), void *context) {
  atomic_store(&bytes, 0);
  atomic_store(&peak, 0);
  atomic_store(&counting, true);
  const int result = attempt(context);
  atomic_store(&counting, false);
  ck_assert_int_eq(result, 0);
  return (uint64_t)atomic_load(&peak);
}
