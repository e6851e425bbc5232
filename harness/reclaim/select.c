#include "reclaim/select.h"

#include "measure/process_status.h"
#include "os/control.h"
#include "os/os.h"
#include "stats/units.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Who a process is
 * -------------------------------------------------------------------------------------------------
 */

enum { MOST_ABOVE = 64 };

static const char OWN_NAME[] = "wxbench";

// The link to the program of a process, "" where it is not to be seen.
static void read_program(pid_t pid, char path[static PATH_MAX]) {
  char link[WX_PROCESS_PATH_SIZE];
  wx_process_path(link, pid, "exe");
  if (wx_os_readlink(link, path, PATH_MAX))
    *path = '\0';
}

// The last part of a path, without what the kernel says of a file that was removed.
static void take_name(const char *path, char *name, size_t size) {
  static const char removed[] = " (deleted)";
  const char *slash = strrchr(path, '/');
  const char *base = slash ? slash + 1 : path;
  size_t length = strlen(base);
  if (length >= sizeof removed && strcmp(base + length - (sizeof removed - 1), removed) == 0)
    length -= sizeof removed - 1;
  snprintf(name, size, "%.*s", (int)length, base);
}

static int read_command(WxIdentity *identity, pid_t pid) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "comm");
  const int failed = wx_process_error(wx_text_read(&identity->text, path));
  if (failed)
    return failed;
  // A name may hold line breaks; the last one is the kernel's.
  const size_t length = identity->text.length ? identity->text.length - 1 : 0;
  snprintf(identity->command, sizeof identity->command, "%.*s", (int)length, identity->text.data);
  return 0;
}

int wx_identity_read(WxIdentity *identity, pid_t pid) {
  WxProcessStatus status;
  char path[PATH_MAX];
  int failed = wx_process_status(&status, pid, &identity->text);
  if (!failed)
    failed = read_command(identity, pid);
  if (failed)
    return failed;
  identity->user = wx_known(status.user) ? (uint32_t)status.user : UINT32_MAX;
  identity->parent = wx_known(status.parent) ? (pid_t)status.parent : 0;
  read_program(pid, path);
  take_name(path, identity->program, sizeof identity->program);
  wx_process_path(path, pid, "cgroup");
  failed = wx_process_error(wx_text_read(&identity->text, path));
  identity->groups = failed ? "" : identity->text.data;
  return failed == -ENOMEM || failed == -ESRCH ? failed : 0;
}

static bool executes_wxbench(pid_t pid) {
  char own[PATH_MAX], path[PATH_MAX], name[NAME_MAX + 16];
  read_program(0, own);
  read_program(pid, path);
  take_name(path, name, sizeof name);
  return strcmp(name, OWN_NAME) == 0 || (*own && strcmp(path, own) == 0);
}

bool wx_identity_is_ours(pid_t pid) {
  WxText text = {0};
  bool ours = false;
  for (unsigned above = 0; !ours && pid > 0 && above < MOST_ABOVE; ++above) {
    ours = pid != getpid() && executes_wxbench(pid);
    if (wx_process_parent(pid, &pid, &text))
      pid = 0;
  }
  wx_text_free(&text);
  return ours;
}

// The namespace that lies right below this process's own, the one behind `fd` or one above it.
// `fd` is closed.
static int topmost_namespace(int fd, ino_t own) {
  struct stat above;
  for (unsigned depth = 0; depth < MOST_ABOVE; ++depth) {
    const int parent = wx_os_namespace_parent(fd);
    const int failed = parent < 0 ? parent : wx_os_fstat(parent, &above);
    if (!failed && above.st_ino == own) {
      wx_os_close_reader(parent);
      return fd;
    }
    wx_os_close_reader(fd);
    if (failed) {
      if (parent >= 0)
        wx_os_close_reader(parent);
      return failed;
    }
    fd = parent;
  }
  wx_os_close_reader(fd);
  return -ELOOP;
}

static int open_namespace(pid_t pid, struct stat *status) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "ns/user");
  const int fd = wx_os_open(path, O_RDONLY, 0);
  const int failed = fd < 0 ? fd : wx_os_fstat(fd, status);
  if (!failed)
    return fd;
  if (fd >= 0)
    wx_os_close_reader(fd);
  return failed;
}

uint32_t wx_identity_account(pid_t pid, uint32_t user) {
  struct stat own, its;
  int fd = open_namespace(0, &own);
  if (fd < 0)
    return user;
  wx_os_close_reader(fd);
  fd = open_namespace(pid, &its);
  if (fd < 0)
    return user;
  if (its.st_ino == own.st_ino) {
    wx_os_close_reader(fd);
    return user;
  }
  fd = topmost_namespace(fd, own.st_ino);
  if (fd < 0)
    return user;
  uint32_t owner;
  const int failed = wx_os_namespace_owner(fd, &owner);
  wx_os_close_reader(fd);
  return failed || owner == 0 ? user : owner;
}

void wx_identity_free(WxIdentity *identity) {
  wx_text_free(&identity->text);
}

/* Rules
 * -------------------------------------------------------------------------------------------------
 */

static int prepare_pattern(WxRule *rule, WxProblem *problem) {
  (void)rule, (void)problem;
  return 0;
}

// A name or a number. A name is looked up once: the user's number is what a process has.
static int prepare_user(WxRule *rule, WxProblem *problem) {
  uint64_t number;
  if (wx_units_count(rule->value, &number, NULL) == 0 && number < UINT32_MAX) {
    rule->user = (uint32_t)number;
    return 0;
  }
  const struct passwd *entry = getpwnam(rule->value);
  if (!entry)
    return wx_problem(problem, -EINVAL, "user=%s: there is no user of that name or number",
                      rule->value);
  rule->user = entry->pw_uid;
  return 0;
}

static bool matches_command(const WxRule *rule, const WxIdentity *identity) {
  return fnmatch(rule->value, identity->command, 0) == 0 ||
         (*identity->program && fnmatch(rule->value, identity->program, 0) == 0);
}

static bool matches_user(const WxRule *rule, const WxIdentity *identity) {
  return rule->user == identity->user;
}

// Whether the path at the end of a line NUMBER:CONTROLLERS:PATH matches.
static bool matches_line(const char *pattern, const char *line, size_t length) {
  const char *colon = memchr(line, ':', length);
  const size_t first = colon ? (size_t)(colon - line) + 1 : length;
  colon = memchr(line + first, ':', length - first);
  if (!colon)
    return false;
  char path[PATH_MAX];
  const size_t size = length - (size_t)(colon + 1 - line);
  if (size >= sizeof path)
    return false;
  memcpy(path, colon + 1, size);
  path[size] = '\0';
  return fnmatch(pattern, path, 0) == 0;
}

static bool matches_group(const WxRule *rule, const WxIdentity *identity) {
  for (const char *line = identity->groups; *line;) {
    const size_t length = strcspn(line, "\n");
    if (matches_line(rule->value, line, length))
      return true;
    line += length + (line[length] == '\n');
  }
  return false;
}

static const WxCriterion criteria[] = {
    {"command", "NAME (of the process or its program; * and ? stand for any text, any character)",
     prepare_pattern, matches_command},
    {"user", "NAME|NUMBER (who runs it)", prepare_user, matches_user},
    {"cgroup", "PATH (its control group in any hierarchy; * stands for slashes too)",
     prepare_pattern, matches_group},
};

enum { CRITERIA = sizeof criteria / sizeof *criteria };

const WxCriterion *wx_criterion_at(size_t index) {
  return index < CRITERIA ? &criteria[index] : NULL;
}

static const WxCriterion *find(const char *text, size_t length) {
  for (size_t i = 0; i < CRITERIA; ++i)
    if (strlen(criteria[i].name) == length && strncmp(criteria[i].name, text, length) == 0)
      return &criteria[i];
  return NULL;
}

// Says what there is, as `command=, user= or cgroup=`.
static int refuse(const char *text, WxProblem *problem) {
  char names[128] = "";
  for (size_t i = 0; i < CRITERIA; ++i) {
    if (i > 0)
      strcat(names, i + 1 < CRITERIA ? ", " : " or ");
    strcat(strcat(names, criteria[i].name), "=");
  }
  return wx_problem(problem, -EINVAL, "'%.100s' begins with no criterion; expected %s", text,
                    names);
}

int wx_selection_add(WxSelection *selection, bool except, const char *text, WxProblem *problem) {
  const size_t length = strcspn(text, "=");
  WxRule rule = {.criterion = find(text, length), .except = except};
  if (!rule.criterion || text[length] != '=')
    return refuse(text, problem);
  rule.value = text + length + 1;
  if (!*rule.value)
    return wx_problem(problem, -EINVAL, "'%s' has no value; expected %s", text,
                      rule.criterion->value);
  const int failed = rule.criterion->prepare(&rule, problem);
  if (failed)
    return failed;
  WxRule *rules = reallocarray(selection->rules, selection->count + 1, sizeof *rules);
  if (!rules)
    return -ENOMEM;
  selection->rules = rules;
  rules[selection->count++] = rule;
  return 0;
}

bool wx_selection_takes(const WxSelection *selection, const WxIdentity *identity) {
  bool asked[CRITERIA] = {false}, met[CRITERIA] = {false};
  for (size_t i = 0; i < selection->count; ++i) {
    const WxRule *rule = &selection->rules[i];
    const bool matches = rule->criterion->matches(rule, identity);
    if (rule->except && matches)
      return false;
    const size_t which = (size_t)(rule->criterion - criteria);
    asked[which] |= !rule->except;
    met[which] |= !rule->except && matches;
  }
  for (size_t i = 0; i < CRITERIA; ++i)
    if (asked[i] && !met[i])
      return false;
  return true;
}

void wx_selection_free(WxSelection *selection) {
  free(selection->rules);
  *selection = (WxSelection){0};
}
