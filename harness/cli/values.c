// Values of options: quantities, repeated names, settings.
#include "cli/options.h"
#include "measure/memfd.h"
#include "stats/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

error_t wx_options_count(struct argp_state *state, const char *option, const char *text,
                         uint64_t lowest, uint64_t highest, uint64_t *value) {
  const char *problem;
  uint64_t count;
  if (wx_units_count(text, &count, &problem) < 0)
    return wx_options_refuse(state, "%s: '%s' %s", option, text, problem);
  if (count < lowest || count > highest)
    return wx_options_refuse(state, "%s: %s is out of range; expected %" PRIu64 " to %" PRIu64,
                             option, text, lowest, highest);
  *value = count;
  return 0;
}

error_t wx_options_bytes(struct argp_state *state, const char *option, const char *text,
                         uint64_t *value) {
  const char *problem;
  if (wx_units_bytes(text, value, &problem) < 0)
    return wx_options_refuse(state, "%s: '%s' %s", option, text, problem);
  return 0;
}

error_t wx_options_duration(struct argp_state *state, const char *option, const char *text,
                            uint64_t bare_ns, uint64_t *value) {
  const char *problem;
  if (wx_units_duration(text, bare_ns, value, &problem) < 0)
    return wx_options_refuse(state, "%s: '%s' %s", option, text, problem);
  return 0;
}

error_t wx_options_memfd(struct argp_state *state, const char *text, const char **name) {
  if (!*text || strlen(text) > WX_MEMFD_NAME_MAX)
    return wx_options_refuse(state, "--memfd: expected a name of 1 to %d bytes", WX_MEMFD_NAME_MAX);
  *name = text;
  return 0;
}

error_t wx_options_limit(struct argp_state *state, const char *text, uint64_t *limit_ns) {
  static const uint64_t second_ns = UINT64_C(1000) * 1000 * 1000;
  const error_t failed = wx_options_duration(state, "--limit", text, second_ns, limit_ns);
  if (failed == 0 && *limit_ns == 0)
    return wx_options_refuse(state, "--limit: '%s' is no time; expected more than 0", text);
  return failed;
}

error_t wx_names_add(struct argp_state *state, WxNames *names, const char *name) {
  (void)state;
  const char **items = reallocarray(names->items, names->count + 1, sizeof *items);
  if (!items)
    return ENOMEM;
  names->items = items;
  items[names->count++] = name;
  return 0;
}

void wx_names_free(WxNames *names) {
  free(names->items);
  *names = (WxNames){0};
}

error_t wx_settings_add(struct argp_state *state, WxSettings *settings, const char *text) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return wx_options_refuse(state, "--set: '%s' is not KEY=VALUE", text);
  WxSetting *items = reallocarray(settings->items, settings->count + 1, sizeof *items);
  if (!items)
    return ENOMEM;
  settings->items = items;
  char *key = strndup(text, (size_t)(equals - text));
  if (!key)
    return ENOMEM;
  items[settings->count++] = (WxSetting){key, equals + 1};
  return 0;
}

const char *wx_settings_get(const WxSettings *settings, const char *key) {
  for (size_t i = settings->count; i-- > 0;) {
    if (strcmp(settings->items[i].key, key) == 0)
      return settings->items[i].value;
  }
  return NULL;
}

void wx_settings_free(WxSettings *settings) {
  for (size_t i = 0; i < settings->count; ++i)
    free((char *)(uintptr_t)settings->items[i].key);
  free(settings->items);
  *settings = (WxSettings){0};
}
