// Single lines: a step of the protocol, and a mount of control groups.
#include "measure/mounts.h"
#include "measure/steps.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds) {
  if (!holds)
    abort();
}

// What was read is the same when it is written out and read again.
static void check_step(const char *line) {
  WxStep step;
  if (wx_step_parse(&step, line))
    return;
  require(!wx_known(step.live_bytes) || step.live_bytes >= 0);
  require(strlen(step.name) > 0);
  char live[32] = "-";
  if (wx_known(step.live_bytes))
    snprintf(live, sizeof live, "%" PRId64, step.live_bytes);
  char again[WX_STEP_LINE_SIZE];
  const int size =
      snprintf(again, sizeof again, "step %" PRIu64 " %s %s", step.round, step.name, live);
  require(size > 0 && (size_t)size < sizeof again);
  WxStep second;
  require(wx_step_parse(&second, again) == NULL);
  require(second.round == step.round && second.live_bytes == step.live_bytes &&
          strcmp(second.name, step.name) == 0);
}

// A group lies at or below its mount point, and never leads out of it by its first component.
static void check_mount(const char *line, const char *group, const char *controller) {
  static WxCgroupMount mount;
  static char directory[PATH_MAX];
  if (!wx_cgroup_mount_next(line, controller, &mount) ||
      !wx_cgroup_mount_resolve(&mount, group, directory))
    return;
  const size_t length = strlen(mount.point);
  require(strncmp(directory, mount.point, length) == 0);
  require(strncmp(directory + length, "/..", 3) != 0);
}

static void check_path(const char *text, const char *controller) {
  size_t length;
  const char *path = wx_cgroup_path(text, controller, &length);
  require(!path || (path > text && path[-1] == ':' && length <= strcspn(path, "\n")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The input is a line, and after a newline the name of a group.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  char *newline = strchr(text, '\n');
  if (newline)
    *newline = '\0';
  check_step(text);
  const char *const controllers[] = {NULL, "memory"};
  for (size_t i = 0; i < sizeof controllers / sizeof *controllers; ++i) {
    check_mount(text, newline ? newline + 1 : "/", controllers[i]);
    check_path(newline ? newline + 1 : text, controllers[i]);
  }
  free(text);
  return 0;
}
