#include "measure/environment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t count_of(const char *const *strings) {
  size_t count = 0;
  while (strings && strings[count])
    ++count;
  return count;
}

static bool same_name(const char *a, const char *b) {
  const size_t length = strcspn(a, "=");
  return length == strcspn(b, "=") && strncmp(a, b, length) == 0;
}

// Whether one of `changes`, or `last`, is about the variable of `entry`.
static bool is_changed(const char *entry, const char *const *changes, const char *last) {
  for (size_t i = 0; changes && changes[i]; ++i)
    if (same_name(entry, changes[i]))
      return true;
  return same_name(entry, last);
}

char **wx_environment_make(const char *const *changes, char *last) {
  const size_t room = count_of((const char *const *)environ) + count_of(changes) + 2;
  char **made = calloc(room, sizeof *made);
  if (!made)
    return NULL;
  size_t count = 0;
  for (char **entry = environ; entry && *entry; ++entry)
    if (!is_changed(*entry, changes, last))
      made[count++] = *entry;
  for (size_t i = 0; changes && changes[i]; ++i)
    if (strchr(changes[i], '=') && !is_changed(changes[i], &changes[i + 1], last))
      made[count++] = (char *)changes[i]; // execve() takes char *, and changes nothing.
  made[count] = last;
  return made;
}

static bool concerns_loading(const char *entry) {
  static const char *const names[] = {"LD_",   "WXRE",  "ASAN_",  "UBSAN_",
                                      "TSAN_", "LSAN_", "TMPDIR="};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (strncmp(entry, names[i], strlen(names[i])) == 0)
      return true;
  return false;
}

char **wx_environment_fresh(char *first, char *last) {
  char **made = calloc(count_of((const char *const *)environ) + 3, sizeof *made);
  if (!made)
    return NULL;
  size_t count = 0;
  for (char **entry = environ; entry && *entry; ++entry)
    if (concerns_loading(*entry))
      made[count++] = *entry;
  made[count++] = first;
  made[count] = last;
  return made;
}
