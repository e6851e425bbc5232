#include "reclaim/select.h"

#include "stats/units.h"

#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

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
