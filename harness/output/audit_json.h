/**
   @file audit_json.h
   The parts of wx_audit_json(), a file for each group of them, and what they share.
*/
#ifndef WX_OUTPUT_AUDIT_JSON_H
#define WX_OUTPUT_AUDIT_JSON_H

#include "output/audit_document.h"
#include "output/json.h"

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
