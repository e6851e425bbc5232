#include "output/context.h"

#include "os/text.h"
#include "output/json.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

// What cannot be found out is null; what there was no memory for is lost.
static json_t *unknown(int error) {
  return error == -ENOMEM ? NULL : json_null();
}

// Reads the first line of a small file. -ENODATA where there is none.
static int first_line(const char *path, char *line, size_t size) {
  WxText text = {0};
  int error = wx_text_read(&text, path);
  if (!error) {
    snprintf(line, size, "%.*s", (int)strcspn(text.data, "\n"), text.data);
    error = *line ? 0 : -ENODATA;
  }
  wx_text_free(&text);
  return error;
}

static json_t *number_of(const char *path) {
  char line[64], *end;
  const int error = first_line(path, line, sizeof line);
  if (error)
    return unknown(error);
  const long long number = strtoll(line, &end, 10);
  return end != line && *end == '\0' ? json_integer(number) : json_null();
}

static json_t *date_of(time_t moment) {
  struct tm broken;
  char text[32];
  if (!gmtime_r(&moment, &broken))
    return json_null();
  return strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &broken) ? json_string(text)
                                                                    : json_null();
}

static json_t *kernel_of(void) {
  struct utsname name;
  return uname(&name) == 0 ? json_sprintf("%s %s %s", name.sysname, name.release, name.machine)
                           : json_null();
}

// "model name" on x86; other systems name parts only, so that the first known key has to do.
static json_t *cpu_of(void) {
  static const char *const keys[] = {"model name", "Model", "CPU part"};
  WxText text = {0};
  const int error = wx_text_read(&text, "/proc/cpuinfo");
  char found[512] = "", *rest;
  size_t best = sizeof keys / sizeof *keys;
  char *line = error ? NULL : strtok_r(text.data, "\n", &rest);
  for (; line && best > 0; line = strtok_r(NULL, "\n", &rest)) {
    for (size_t i = 0; i < best; ++i) {
      const char *colon = strchr(line, ':');
      if (!colon || strncmp(line, keys[i], strlen(keys[i])) != 0)
        continue;
      snprintf(found, sizeof found, "%s", colon + 1 + strspn(colon + 1, " \t"));
      best = i;
    }
  }
  wx_text_free(&text);
  return *found ? wx_json_text(found) : unknown(error);
}

static json_t *cpus_of(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return json_integer(CPU_COUNT(&set));
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? json_integer(online) : json_null();
}

// The chosen word of a list such as `always within_size [never]`.
static json_t *thp_shmem_of(void) {
  char line[128];
  const int error =
      first_line("/sys/kernel/mm/transparent_hugepage/shmem_enabled", line, sizeof line);
  if (error)
    return unknown(error);
  char *open = strchr(line, '['), *close = open ? strchr(open, ']') : NULL;
  return close ? json_stringn(open + 1, (size_t)(close - open - 1)) : json_null();
}

static json_t *cgroup_of(void) {
  WxText text = {0};
  const int error = wx_text_read(&text, "/proc/self/cgroup");
  bool v1 = false, v2 = false;
  char *rest, *line = error ? NULL : strtok_r(text.data, "\n", &rest);
  for (; line; line = strtok_r(NULL, "\n", &rest)) {
    v2 |= strncmp(line, "0::", 3) == 0;
    v1 |= strncmp(line, "0::", 3) != 0;
  }
  wx_text_free(&text);
  const char *version = v1 ? (v2 ? "v1+v2" : "v1") : v2 ? "v2" : NULL;
  return version ? json_string(version) : unknown(error);
}

static json_t *container_of(void) {
  static const struct {
    const char *path, *name;
  } marks[] = {{"/run/.containerenv", "podman"}, {"/.dockerenv", "docker"}};
  if (getenv("KUBERNETES_SERVICE_HOST"))
    return json_string("kubernetes");
  for (size_t i = 0; i < sizeof marks / sizeof *marks; ++i) {
    if (access(marks[i].path, F_OK) == 0)
      return json_string(marks[i].name);
  }
  char name[64];
  const int error = first_line("/run/systemd/container", name, sizeof name);
  if (!error || error == -ENOMEM)
    return error ? NULL : wx_json_text(name);
  // The first PID namespace of a kernel always has this number.
  const ssize_t length = readlink("/proc/self/ns/pid", name, sizeof name - 1);
  if (length < 0)
    return json_null();
  name[length] = '\0';
  return json_string(strcmp(name, "pid:[4026531836]") == 0 ? "none" : "pid-namespace");
}

static const char *compiler(void) {
#if defined __clang__
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

json_t *wx_context_json(const char *command, time_t started, WxFigure seed) {
  return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "date",
                   date_of(started), "command", wx_json_text(command), "wxbench_version",
                   WX_VERSION, "kernel", kernel_of(), "cpu", cpu_of(), "cpus", cpus_of(),
                   "page_size", json_integer(sysconf(_SC_PAGESIZE)), "thp_shmem", thp_shmem_of(),
                   "memfd_noexec", number_of("/proc/sys/vm/memfd_noexec"), "max_map_count",
                   number_of("/proc/sys/vm/max_map_count"), "cgroup", cgroup_of(), "container",
                   container_of(), "compiler", compiler(), "seed", wx_json_figure(seed));
}

char *wx_context_command(int argc, char **argv) {
  WxText text = {0};
  FILE *stream = wx_text_stream(&text);
  if (!stream)
    return NULL;
  fputs("wxbench", stream);
  for (int i = 0; i < argc; ++i) {
    const char *safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
    const bool plain = *argv[i] && argv[i][strspn(argv[i], safe)] == '\0';
    fputs(plain ? " " : " '", stream);
    for (const char *at = argv[i]; *at; ++at) {
      if (*at == '\'')
        fputs("'\\''", stream);
      else
        fputc(*at, stream);
    }
    fputs(plain ? "" : "'", stream);
  }
  return wx_text_stream_end(stream, &text) ? NULL : text.data;
}
