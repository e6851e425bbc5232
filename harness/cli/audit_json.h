/**
   @file audit_json.h
   The parts of wx_audit_json(), a file for each group of them, and what they share.
*/
#ifndef WX_CLI_AUDIT_JSON_H
#define WX_CLI_AUDIT_JSON_H

#include "cli/audit_document.h"
#include "output/json.h"

/// A figure by name.
typedef struct {
  const char *key;
  WxFigure value;
} WxJsonFigure;

static inline void wx_json_put_figures(WxJsonBuilder *object, const WxJsonFigure figures[],
                                       size_t count) {
  for (size_t i = 0; i < count; ++i)
    wx_json_put(object, figures[i].key, wx_json_figure(figures[i].value));
}

#define PUT_FIGURES(OBJECT, ...)                                                                   \
  wx_json_put_figures(OBJECT, (const WxJsonFigure[]){__VA_ARGS__},                                 \
                      sizeof(const WxJsonFigure[]){__VA_ARGS__} / sizeof(WxJsonFigure))

/* What is true. */
json_t *wx_audit_json_double_mapper(const WxAudit *audit);
json_t *wx_audit_json_others(const WxAudit *audit);
json_t *wx_audit_json_cgroup(const WxAudit *audit);
json_t *wx_audit_json_container(const WxAudit *audit);

/* What a debugger shows, and who owns it. */
json_t *wx_audit_json_span(const WxAudit *audit);
json_t *wx_audit_json_regions(const WxAudit *audit);
json_t *wx_audit_json_owners(const WxAudit *audit);

/// What an owner is called in JSON.
const char *wx_audit_owner_key(WxOwner owner);
json_t *wx_audit_json_modules(const WxAudit *audit);

#endif
