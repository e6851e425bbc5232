#include "measure/mounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Fields of a line before its optional ones: id, parent, device, root, mount point, options.
enum { ROOT = 3, POINT = 4, FIXED_FIELDS = 6 };

static bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Undoes the kernel's \ooo for blanks and backslashes. False where the result does not fit.
static bool unescape(char out[static PATH_MAX], const char *text) {
  size_t length = 0;
  while (*text) {
    if (length + 1 >= PATH_MAX)
      return false;
    if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) && is_octal(text[3])) {
      out[length++] = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
      text += 4;
    } else {
      out[length++] = *text++;
    }
  }
  out[length] = '\0';
  return true;
}

// Whether a comma-separated list holds `word`.
static bool list_holds(const char *list, const char *word) {
  const size_t length = strlen(word);
  for (const char *at = list; at; at = strchr(at, ',')) {
    at += *at == ',';
    if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
      return true;
  }
  return false;
}

// After the separator: type, source, options of the file system.
static int version_of(char *tail) {
  char *place;
  const char *type = strtok_r(tail, " ", &place);
  const char *source = strtok_r(NULL, " ", &place);
  const char *options = strtok_r(NULL, " ", &place);
  if (!type || !source || !options)
    return 0;
  if (strcmp(type, "cgroup2") == 0)
    return 2;
  return strcmp(type, "cgroup") == 0 && list_holds(options, "memory") ? 1 : 0;
}

bool wx_cgroup_mount_parse(WxCgroupMount *mount, char *line) {
  char *separator = strstr(line, " - ");
  if (!separator)
    return false;
  *separator = '\0';
  mount->version = version_of(separator + 3);
  if (!mount->version)
    return false;
  const char *fields[FIXED_FIELDS] = {0};
  char *place;
  char *field = strtok_r(line, " ", &place);
  for (size_t i = 0; i < FIXED_FIELDS && field; ++i) {
    fields[i] = field;
    field = strtok_r(NULL, " ", &place);
  }
  return fields[FIXED_FIELDS - 1] && unescape(mount->root, fields[ROOT]) &&
         unescape(mount->point, fields[POINT]);
}

bool wx_cgroup_mount_resolve(const WxCgroupMount *mount, const char *group,
                             char directory[static PATH_MAX]) {
  const size_t length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
  if (strncmp(group, mount->root, length) != 0)
    return false;
  const char *below = group + length;
  // "/.." leads out of this process's cgroup namespace.
  if ((*below && *below != '/') || strncmp(below, "/..", 3) == 0)
    return false;
  const int size =
      snprintf(directory, PATH_MAX, "%s%s", mount->point, strcmp(below, "/") == 0 ? "" : below);
  return size >= 0 && size < PATH_MAX;
}
