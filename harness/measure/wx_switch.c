#include "measure/wx_switch.h"

#include "os/os.h"
#include "os/text.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 20 };

WxSwitch wx_switch_of(const char *dotnet, const char *complus) {
  const char *text = dotnet && *dotnet ? dotnet : complus;
  if (!text)
    return WX_SWITCH_UNSET;
  char *end;
  errno = 0;
  const unsigned long value = strtoul(text, &end, 16);
  if (end == text || errno == ERANGE)
    return WX_SWITCH_UNSET;
  return value ? WX_SWITCH_ON : WX_SWITCH_OFF;
}

WxSwitch wx_switch_in(const char *environment, size_t length) {
  static const char *const names[] = {"DOTNET_EnableWriteXorExecute=",
                                      "COMPlus_EnableWriteXorExecute="};
  const char *values[2] = {NULL, NULL};
  for (size_t at = 0; at < length;) {
    const char *variable = environment + at;
    const size_t size = strnlen(variable, length - at);
    for (size_t i = 0; i < 2 && at + size < length; ++i)
      if (!values[i] && !strncmp(variable, names[i], strlen(names[i])))
        values[i] = variable + strlen(names[i]);
    at += size + 1;
  }
  return wx_switch_of(values[0], values[1]);
}

bool wx_switch_on_here(int major) {
  const WxSwitch set =
      wx_switch_of(getenv("DOTNET_EnableWriteXorExecute"), getenv("COMPlus_EnableWriteXorExecute"));
  return set == WX_SWITCH_UNSET ? major >= WX_SWITCH_FIRST_ON : set == WX_SWITCH_ON;
}

static bool ends_with(const char *text, const char *ending) {
  const size_t length = strlen(text), expected = strlen(ending);
  return length > expected && !strcmp(text + length - expected, ending);
}

// The next word of a command line; NULL behind the last.
static const char *next_word(const WxText *words, const char *word) {
  word += strlen(word) + 1;
  return word < words->data + words->length ? word : NULL;
}

// The file's name as the process sees it: named, or that of the program with another ending.
static bool find_name(const WxText *words, const char *program, char name[PATH_MAX]) {
  const char *assembly = NULL;
  for (const char *word = words->length ? words->data : NULL; word; word = next_word(words, word)) {
    const char *next = next_word(words, word);
    if (!strcmp(word, "--runtimeconfig") && next)
      return snprintf(name, PATH_MAX, "%s", next) < PATH_MAX;
    if (!assembly && ends_with(word, ".dll"))
      assembly = word;
  }
  const char *base = assembly ? assembly : program;
  const size_t length = strlen(base) - (assembly ? strlen(".dll") : 0);
  return snprintf(name, PATH_MAX, "%.*s.runtimeconfig.json", (int)length, base) < PATH_MAX;
}

static bool find_path(pid_t pid, WxText *text, char path[PATH_MAX]) {
  char name[PATH_MAX], program[PATH_MAX];
  snprintf(path, PATH_MAX, "/proc/%d/exe", (int)pid);
  const int unread = wx_os_readlink(path, program, sizeof program);
  snprintf(path, PATH_MAX, "/proc/%d/cmdline", (int)pid);
  if (unread || wx_text_read(text, path))
    return false;
  if (!find_name(text, program, name))
    return false;
  const char *from = *name == '/' ? "root" : "cwd/";
  return snprintf(path, PATH_MAX, "/proc/%d/%s%s", (int)pid, from, name) < PATH_MAX;
}

static WxSwitch read_property(const char *text, size_t length) {
  json_t *root = json_loadb(text, length, 0, NULL);
  const json_t *options = json_object_get(root, "runtimeOptions");
  const json_t *value = json_object_get(json_object_get(options, "configProperties"),
                                        "System.Runtime.EnableWriteXorExecute");
  const char *word = json_string_value(value);
  const bool on = json_is_true(value) || (word && !strcmp(word, "true"));
  const bool off = json_is_false(value) || (word && !strcmp(word, "false"));
  json_decref(root);
  return on ? WX_SWITCH_ON : off ? WX_SWITCH_OFF : WX_SWITCH_UNSET;
}

WxSwitch wx_switch_configured(pid_t pid) {
  char path[PATH_MAX];
  WxText text = {0};
  struct stat status;
  WxSwitch found = WX_SWITCH_UNSET;
  // Nothing but a regular file: another may wait when it is opened.
  if (find_path(pid, &text, path) && !wx_os_stat(path, &status) && S_ISREG(status.st_mode) &&
      !wx_text_read_most(&text, path, MOST_BYTES))
    found = read_property(text.data, text.length);
  wx_text_free(&text);
  return found;
}
