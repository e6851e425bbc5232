#include "scenario/no_runtime.h"

#include "scenario/scenario.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// From scripts/versions, separated by blanks, newest first.
static const char pinned[] = WX_RUNTIMES;

enum { VERSION_PARTS = 3 };

// How many numbers of a version `text` has: 1 of "10", 3 of "10.0.14" and "10.0.0-rc.1"; 0 where it
// is none.
static int count_parts(const char *text) {
  for (int parts = 1; parts <= VERSION_PARTS; ++parts) {
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0)
      return 0;
    text += digits;
    if (*text == '\0' || (*text == '-' && text[1] && parts == VERSION_PARTS))
      return parts;
    if (*text++ != '.')
      return 0;
  }
  return 0;
}

// Whether one of the pinned versions is `version` or begins with it and a dot.
static bool is_pinned(const char *version) {
  const size_t length = strlen(version);
  for (const char *at = pinned; at; at = strchr(at, ' ')) {
    at += strspn(at, " ");
    if (strncmp(at, version, length) == 0 && strchr(". ", at[length]))
      return true;
  }
  return false;
}

// The script as it can be typed: an installed one is nowhere near the current folder.
static void name_script(char *name, size_t size) {
  char path[PATH_MAX] = "scripts/runtimes";
  const bool installed = wx_scenario_installed();
  if (installed)
    wx_scenario_directory("scripts/runtimes", path, sizeof path);
  snprintf(name, size, installed ? "'%s'" : "%s", path);
}

int wx_no_runtime_why(const char *version, char *text, size_t size) {
  char first[sizeof pinned];
  snprintf(first, sizeof first, "%.*s", (int)strcspn(pinned, " "), pinned);
  const char *wanted = version ? version : first;
  const int parts = count_parts(wanted);
  char script[WX_NO_RUNTIME_TEXT / 2];
  name_script(script, sizeof script);
  if (parts == 0)
    snprintf(text, size, "'%s' is no .NET runtime; expected a version, as %s, or a folder", wanted,
             first);
  else if (parts < VERSION_PARTS && !is_pinned(wanted))
    snprintf(text, size,
             ".NET runtime %s is not here; %s gets it by its whole version, as %s%s "
             "(needs a .NET SDK), or set DOTNET_ROOT=FOLDER",
             wanted, script, wanted, parts == 1 ? ".0.1" : ".1");
  else
    snprintf(text, size,
             ".NET runtime %s is not here; type: %s %s (needs a .NET SDK), or set "
             "DOTNET_ROOT=FOLDER",
             wanted, script, wanted);
  return parts == 0 ? -EINVAL : -ENOTSUP;
}

int wx_no_runtime(const char *version, WxProblem *problem) {
  char text[WX_NO_RUNTIME_TEXT];
  const int why = wx_no_runtime_why(version, text, sizeof text);
  return wx_problem(problem, why, "%s%s", why == -ENOTSUP ? "SKIP: " : "", text);
}
