#include "measure/steps.h"

#include "os/os.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char word[] = "step ";

// The decimal number at *text, no sign and no leading blank; *text moves behind it.
static bool take_number(const char **text, uint64_t *number) {
  if (**text < '0' || **text > '9')
    return false;
  char *end;
  errno = 0;
  *number = strtoull(*text, &end, 10);
  *text = end;
  return errno == 0;
}

static bool take_space(const char **text) {
  const bool there = **text == ' ';
  *text += there;
  return there;
}

static size_t name_length(const char *text) {
  size_t length = 0;
  while ((text[length] >= 'a' && text[length] <= 'z') || text[length] == '_')
    ++length;
  return length;
}

const char *wx_step_parse(WxStep *step, const char *line) {
  if (strncmp(line, word, sizeof word - 1) != 0)
    return "expected `step ROUND NAME LIVE_BYTES|-`";
  const char *at = line + sizeof word - 1;
  if (!take_number(&at, &step->round) || !take_space(&at))
    return "expected the number of the round after `step`";
  const size_t length = name_length(at);
  if (length == 0 || length >= WX_STEP_NAME_SIZE || at[length] != ' ')
    return "expected a name of at most 31 letters a-z and _ after the round";
  memcpy(step->name, at, length);
  step->name[length] = '\0';
  at += length + 1;
  if (strcmp(at, "-") == 0) {
    step->live_bytes = WX_UNKNOWN;
    return NULL;
  }
  uint64_t live;
  if (!take_number(&at, &live) || *at || live > INT64_MAX)
    return "expected the number of live bytes or - at the end";
  step->live_bytes = (WxFigure)live;
  return NULL;
}

int wx_step_channel(WxStepChannel *channel) {
  const char *at = getenv(WX_STEP_VARIABLE);
  if (!at)
    return -ENOENT;
  uint64_t numbers[2];
  if (!take_number(&at, &numbers[0]) || *at++ != ',' || !take_number(&at, &numbers[1]) || *at ||
      numbers[0] > INT32_MAX || numbers[1] > INT32_MAX)
    return -EINVAL;
  *channel = (WxStepChannel){(int)numbers[0], (int)numbers[1]};
  return 0;
}

static int write_line(int fd, const char *line, size_t length) {
  for (size_t done = 0; done < length;) {
    const ssize_t put = wx_os_write(fd, line + done, length - done);
    if (put < 0)
      return (int)put;
    done += (size_t)put;
  }
  return 0;
}

int wx_step_write(WxStepChannel channel, uint64_t round, const char *name, WxFigure live_bytes) {
  const size_t length = name_length(name);
  if (length == 0 || length >= WX_STEP_NAME_SIZE || name[length])
    return -EINVAL;
  char line[WX_STEP_LINE_SIZE];
  const int size = wx_known(live_bytes)
                       ? snprintf(line, sizeof line, "step %" PRIu64 " %s %" PRId64 "\n", round,
                                  name, live_bytes)
                       : snprintf(line, sizeof line, "step %" PRIu64 " %s -\n", round, name);
  const int result = write_line(channel.write, line, (size_t)size);
  if (result)
    return result;
  char answer;
  const ssize_t got = wx_os_read(channel.read, &answer, 1);
  if (got < 0)
    return (int)got;
  return got == 1 ? 0 : -EPIPE;
}
