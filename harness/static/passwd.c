// getpwnam() and getpwuid() of the static program, in place of libc's: those load modules of the C
// library that is installed, which must be of the very version that was linked. These know
// /etc/passwd.
#include <pwd.h>
#include <stdio.h>
#include <string.h>

// The first entry of that name, or, without one, of that number.
static struct passwd *find(const char *name, uid_t number) {
  FILE *file = fopen("/etc/passwd", "re");
  if (!file)
    return NULL;
  struct passwd *entry;
  do {
    entry = fgetpwent(file);
  } while (entry && (name ? strcmp(entry->pw_name, name) != 0 : entry->pw_uid != number));
  (void)fclose(file);
  return entry;
}

struct passwd *getpwnam(const char *name) {
  return find(name, 0);
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header's is reserved.
struct passwd *getpwuid(uid_t number) {
  return find(NULL, number);
}
