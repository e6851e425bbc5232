/**
   @file audit_document.h
   An audit as JSON, as tables and as metrics.
*/
#ifndef WX_CLI_AUDIT_DOCUMENT_H
#define WX_CLI_AUDIT_DOCUMENT_H

#include "attribution/audit.h"
#include "output/document.h"

/// One audit as the contract's result. NULL where memory ran out.
json_t *wx_audit_json(const WxAudit *audit);

/// Adds the tables and sentences for people; `by_size` sorts the summary by kind.
void wx_audit_tables(WxDocument *document, const WxAudit *audit, bool by_size);

/// Results (of wx_audit_json()) as metrics in Prometheus's text format, in a new string that the
/// caller frees. NULL where memory ran out.
char *wx_audit_metrics(const json_t *results);

#endif
