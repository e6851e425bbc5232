// Where scenarios lie and what they are called.
#include "scenario/scenario.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char suffix[] = ".yaml";

int wx_scenario_path(const char *directory, const char *name, char *path, size_t capacity) {
  const int length = snprintf(path, capacity, "%s/%s%s", directory, name, suffix);
  if (length < 0 || (size_t)length >= capacity)
    return -ENAMETOOLONG;
  return access(path, R_OK) ? -errno : 0;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

// Appends the name of a scenario's file; anything else is passed over.
static int add_name(const char *file, char ***names, size_t *count) {
  const size_t length = strlen(file);
  const size_t tail = sizeof suffix - 1;
  if (length <= tail || strcmp(file + length - tail, suffix) != 0)
    return 0;
  char **grown = realloc(*names, (*count + 1) * sizeof *grown);
  if (!grown)
    return -ENOMEM;
  *names = grown;
  grown[*count] = strndup(file, length - tail);
  if (!grown[*count])
    return -ENOMEM;
  ++*count;
  return 0;
}

int wx_scenario_names(const char *directory, char ***names, size_t *count) {
  *names = NULL;
  *count = 0;
  DIR *entries = opendir(directory);
  if (!entries)
    return -errno;
  int result = 0;
  for (const struct dirent *entry; result == 0 && (entry = readdir(entries));)
    result = add_name(entry->d_name, names, count);
  closedir(entries);
  if (result) {
    wx_scenario_names_free(*names, *count);
    return result;
  }
  if (*count)
    qsort(*names, *count, sizeof **names, compare_names);
  return 0;
}

void wx_scenario_names_free(char **names, size_t count) {
  for (size_t i = 0; i < count; ++i)
    free(names[i]);
  free(names);
}

// The folder above that of the program; false where it cannot be known.
static bool above_program(char *path, size_t capacity) {
  char program[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0)
    return false;
  program[length] = '\0';
  return snprintf(path, capacity, "%s", dirname(dirname(program))) < (int)capacity;
}

void wx_scenario_directory(const char *below, char *path, size_t capacity) {
  const char *home = getenv("WXBENCH_HOME");
  char above[PATH_MAX];
  if (home) {
    snprintf(path, capacity, "%s/%s", home, below);
    return;
  }
  if (above_program(above, sizeof above)) {
    snprintf(path, capacity, "%s/%s", above, below);
    if (access(path, R_OK) == 0)
      return;
  }
  snprintf(path, capacity, "%s", below);
}

void wx_scenario_places(char *text, size_t capacity) {
  const char *home = getenv("WXBENCH_HOME");
  char above[PATH_MAX];
  if (home)
    snprintf(text, capacity, "%s, which WXBENCH_HOME names", home);
  else
    snprintf(text, capacity, "%s, above the program's folder, and in the current folder",
             above_program(above, sizeof above) ? above : "the folder");
}
