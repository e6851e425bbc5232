#include "attribution/redact.h"

#include "os/grow.h"
#include "os/text.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Below these everything is the system's or the runtime's.
static const char *const trees[] = {
    "/usr/share/locale/",
    "/usr/share/zoneinfo",
    "/usr/lib/locale/",
    "/usr/share/i18n/",
    "/SYSV",
    "/[",
};

// What is public by its whole name, beside the end of a deleted file's.
static const char *const files[] = {"/usr/bin/dotnet", "/dev/zero", "/dev/null",
                                    "/memfd:doublemapper", "/memfd:doublemapper-template"};

// Where runtimes are installed, and what of it is theirs: anybody may put a file beside it.
static const char *const installs[] = {"/usr/share/dotnet/", "/usr/lib/dotnet/",
                                       "/usr/lib64/dotnet/"};
static const char *const installed[] = {"shared/Microsoft.", "host/", "dotnet"};

// In these a library is the system's, what lies deeper may be anybody's.
static const char *const folders[] = {"/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/usr/libx32/",
                                      "/lib/",     "/lib32/",     "/lib64/",     "/libx32/"};

// "x86_64-linux-gnu/" and its like at the beginning.
static const char *skip_machine(const char *name) {
  const char *slash = strchr(name, '/'), *linux = strstr(name, "-linux-");
  return slash && linux && linux < slash ? slash + 1 : name;
}

static bool is_library(const char *path) {
  for (size_t i = 0; i < sizeof folders / sizeof *folders; ++i) {
    if (!wx_text_starts_with(path, folders[i]))
      continue;
    const char *name = skip_machine(path + strlen(folders[i]));
    return wx_text_starts_with(name, "gconv/") || (!strchr(name, '/') && strstr(name, ".so"));
  }
  return false;
}

static bool is_file(const char *path) {
  static const char deleted[] = " (deleted)";
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    const size_t length = strlen(files[i]);
    if (!strncmp(path, files[i], length) && (!path[length] || !strcmp(path + length, deleted)))
      return true;
  }
  return false;
}

static bool is_installed(const char *path) {
  for (size_t i = 0; i < sizeof installs / sizeof *installs; ++i)
    for (size_t k = 0;
         wx_text_starts_with(path, installs[i]) && k < sizeof installed / sizeof *installed; ++k) {
      const char *name = path + strlen(installs[i]);
      const bool folder = strchr(installed[k], '/') != NULL;
      if (folder ? wx_text_starts_with(name, installed[k]) : !strcmp(name, installed[k]))
        return true;
    }
  return false;
}

// A MemoryMappedFile of .NET, which gives it a random number.
static bool is_numbered(const char *path) {
  static const char start[] = "/memfd:/dotnet_";
  const char *number = path + sizeof start - 1;
  return wx_text_starts_with(path, start) && number[strspn(number, "0123456789abcdef")] == ' ';
}

static bool is_public(const char *path) {
  for (size_t i = 0; i < sizeof trees / sizeof *trees; ++i)
    if (wx_text_starts_with(path, trees[i]))
      return true;
  return is_library(path) || is_file(path) || is_installed(path) || is_numbered(path);
}

// The number of a path among those replaced, from 1; 0 where there is no memory.
static size_t number_of(WxRedactor *redactor, const char *path) {
  for (size_t i = 0; i < redactor->count; ++i)
    if (!strcmp(redactor->paths[i], path))
      return i + 1;
  char **paths = wx_grown(redactor->paths, &redactor->capacity, redactor->count, sizeof *paths);
  if (!paths)
    return 0;
  redactor->paths = paths;
  paths[redactor->count] = strdup(path);
  return paths[redactor->count] ? ++redactor->count : 0;
}

// Only a short extension of letters is kept: it may be part of a name.
static const char *extension_of(const char *path) {
  const char *dot = strrchr(path, '.');
  if (!dot || strlen(dot) > 5)
    return "";
  for (const char *at = dot + 1; *at; ++at)
    if ((*at < 'a' || *at > 'z') && (*at < 'A' || *at > 'Z'))
      return "";
  return dot;
}

// Names of shared memory are the user's own.
#define SHARED "/dev/shm/"

void wx_redact_path(WxRedactor *redactor, const char *path, char *target, size_t size) {
  const char *runtime = path ? strstr(path, "/shared/Microsoft.NETCore.App/") : NULL;
  if (path && wx_text_starts_with(path, SHARED))
    snprintf(target, size, SHARED "redacted-%zu", number_of(redactor, path));
  else if (!path || is_public(path))
    snprintf(target, size, "%s", path ? path : "");
  else if (runtime)
    snprintf(target, size, "%s", runtime);
  else
    snprintf(target, size, "/redacted-%zu%s", number_of(redactor, path), extension_of(path));
}

static int put_line(const char *line, size_t length, FILE *stream) {
  const bool lost = fwrite(line, 1, length, stream) != length || fputc('\n', stream) < 0;
  return lost ? -ENOMEM : 0;
}

int wx_redact_plain_line(WxRedactor *redactor, const char *line, size_t length, FILE *stream) {
  (void)redactor;
  return put_line(line, length, stream);
}

bool wx_redact_keeps_program(const char *name) {
  return !strcmp(name, "dotnet");
}

int wx_redact_status_line(WxRedactor *redactor, const char *line, size_t length, FILE *stream) {
  static const char key[] = "Name:\t", own[] = "Name:\tredacted";
  const bool keeps =
      !redactor || !wx_text_starts_with(line, key) || wx_redact_keeps_program(line + strlen(key));
  return keeps ? put_line(line, length, stream) : put_line(own, strlen(own), stream);
}

// The name that a program has given to memory: "[anon:...]".
static const char *find_own_name(const char *line, size_t length) {
  static const char *const marks[] = {"[anon:", "[anon_shmem:"};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; ++i) {
    const char *mark = memmem(line, length, marks[i], strlen(marks[i]));
    if (mark && !wx_text_starts_with(mark, "[anon: glibc: "))
      return mark + strlen(marks[i]);
  }
  return NULL;
}

int wx_redact_maps_line(WxRedactor *redactor, const char *line, size_t length, FILE *stream) {
  const char *own = redactor ? find_own_name(line, length) : NULL;
  if (own) {
    const size_t before = (size_t)(own - line);
    return fwrite(line, 1, before, stream) == before ? put_line("redacted]", 9, stream) : -ENOMEM;
  }
  // Only the lines of mappings have a path; of smaps the others begin with a capital letter.
  const char *slash = redactor ? memchr(line, '/', length) : NULL;
  if (!slash)
    return put_line(line, length, stream);
  char path[PATH_MAX], substitute[PATH_MAX];
  snprintf(path, sizeof path, "%.*s", (int)(length - (size_t)(slash - line)), slash);
  wx_redact_path(redactor, path, substitute, sizeof substitute);
  if (fwrite(line, 1, (size_t)(slash - line), stream) != (size_t)(slash - line))
    return -ENOMEM;
  return put_line(substitute, strlen(substitute), stream);
}

// Settings of memory; not where one of them is a path, as DOTNET_GCName.
static bool is_kept(const char *variable, size_t length, size_t name) {
  static const char *const kept[] = {
      "MALLOC_",
      "GLIBC_TUNABLES",
      "DOTNET_EnableWriteXorExecute",
      "DOTNET_GC",
      "DOTNET_gc",
      "COMPlus_EnableWriteXorExecute",
      "DOTNET_Tie",
      "DOTNET_RUNNING_IN_CONTAINER",
  };
  if (memchr(variable, '/', length))
    return false;
  for (size_t i = 0; i < sizeof kept / sizeof *kept; ++i)
    if (strlen(kept[i]) <= name && !strncmp(variable, kept[i], strlen(kept[i])))
      return true;
  return false;
}

int wx_redact_variable(WxRedactor *redactor, const char *variable, size_t length, FILE *stream) {
  const char *equals = memchr(variable, '=', length);
  if (!redactor || (equals && is_kept(variable, length, (size_t)(equals - variable))))
    return put_line(variable, length, stream);
  // What has no name was put there by the program, as a title.
  const size_t name = equals ? (size_t)(equals - variable) + 1 : 0;
  if (fwrite(variable, 1, name, stream) != name)
    return -ENOMEM;
  return put_line("<redacted>", strlen("<redacted>"), stream);
}

bool wx_redact_keeps_assembly(const char *name) {
  static const char *const prefixes[] = {"System.", "Microsoft.", "mscorlib", "netstandard"};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; ++i)
    if (wx_text_starts_with(name, prefixes[i]))
      return true;
  return false;
}

void wx_redactor_free(WxRedactor *redactor) {
  for (size_t i = 0; i < redactor->count; ++i)
    free(redactor->paths[i]);
  free(redactor->paths);
  *redactor = (WxRedactor){0};
}
