// Where scenarios lie and what they are called.
#include "scenario/scenario.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
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

// The folder of the program, and the one above it; false where they cannot be known.
typedef struct {
  char own[PATH_MAX];
  char above[PATH_MAX];
} Program;

static bool find_program(Program *program) {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0)
    return false;
  path[length] = '\0';
  strcpy(program->own, dirname(path));
  strcpy(path, program->own);
  strcpy(program->above, dirname(path));
  return true;
}

// Where data lie: in the sources, whose build/ has the program, installed, or beside the program.
enum { IN_SOURCES, INSTALLED, BESIDE, LAYOUTS };

static bool exists_in(const Program *program, int layout, const char *below, char *path,
                      size_t capacity) {
  const int length =
      snprintf(path, capacity, "%s%s/%s", layout == BESIDE ? program->own : program->above,
               layout == INSTALLED ? "/share/wxbench" : "", below);
  return length >= 0 && (size_t)length < capacity && access(path, R_OK) == 0;
}

bool wx_scenario_installed(void) {
  Program program;
  char path[PATH_MAX];
  return !getenv("WXBENCH_HOME") && find_program(&program) &&
         !exists_in(&program, IN_SOURCES, "scenarios", path, sizeof path) &&
         (exists_in(&program, INSTALLED, "scenarios", path, sizeof path) ||
          exists_in(&program, BESIDE, "scenarios", path, sizeof path));
}

void wx_scenario_cache(char *path, size_t capacity) {
  const char *cache = getenv("XDG_CACHE_HOME");
  const char *home = getenv("HOME");
  const struct passwd *user = home && *home ? NULL : getpwuid(geteuid());
  if (cache && *cache == '/')
    snprintf(path, capacity, "%s/wxbench/%s", cache, WX_VERSION);
  else
    snprintf(path, capacity, "%s/.cache/wxbench/%s",
             home && *home ? home
             : user        ? user->pw_dir
                           : "/nonexistent",
             WX_VERSION);
}

// What is built lies in build/ of the sources. An installed program has it in the user's cache.
static bool is_built(const char *below) {
  return strncmp(below, "build/", sizeof "build/" - 1) == 0;
}

void wx_scenario_directory(const char *below, char *path, size_t capacity) {
  const char *home = getenv("WXBENCH_HOME");
  if (home) {
    snprintf(path, capacity, "%s/%s", home, below);
    return;
  }
  Program program;
  const bool known = find_program(&program);
  for (int layout = 0; known && layout < LAYOUTS; ++layout)
    if (exists_in(&program, layout, below, path, capacity))
      return;
  if (is_built(below) && wx_scenario_installed()) {
    char cache[PATH_MAX];
    wx_scenario_cache(cache, sizeof cache);
    snprintf(path, capacity, "%s/%s", cache, below + sizeof "build/" - 1);
    return;
  }
  snprintf(path, capacity, "%s", below);
}

void wx_scenario_places(char *text, size_t capacity) {
  const char *home = getenv("WXBENCH_HOME");
  Program program;
  if (home)
    snprintf(text, capacity, "%s, which WXBENCH_HOME names", home);
  else
    snprintf(text, capacity,
             "%s, above the program's folder, in its share/wxbench, beside the program and in the "
             "current folder",
             find_program(&program) ? program.above : "the folder");
}

void wx_scenario_cure(char text[WX_SCENARIO_CURE]) {
  char places[PATH_MAX + 128];
  wx_scenario_places(places, sizeof places);
  snprintf(text, WX_SCENARIO_CURE,
           "it is looked for in %s; set WXBENCH_HOME=FOLDER to the folder of the sources", places);
}
