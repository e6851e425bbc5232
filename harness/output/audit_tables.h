/**
   @file audit_tables.h
   The parts of wx_audit_tables(), one a file, and what they share.
*/
#ifndef WX_OUTPUT_AUDIT_TABLES_H
#define WX_OUTPUT_AUDIT_TABLES_H

#include "output/audit_document.h"

enum { WX_SIZE_TEXT = 24 };
#define COUNT_OF(ARRAY) (sizeof(ARRAY) / sizeof *(ARRAY))

/// "127.96mb", as debuggers print it.
void wx_audit_write_size(char text[WX_SIZE_TEXT], uint64_t bytes);

/// Percent; NAN where either is not known.
double wx_audit_share(WxFigure part, WxFigure whole);

/// Block A: the double mapper by protection, what its file holds, its extents.
void wx_audit_tables_truth(WxDocument *document, const WxAudit *audit);

/// Block B: the module's interval, its largest rows, the most inflated modules.
void wx_audit_tables_shown(WxDocument *document, const WxAudit *audit);

/// The whole memory group by owner.
void wx_audit_tables_container(WxDocument *document, const WxAudit *audit);

#endif
