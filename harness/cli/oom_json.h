/**
   @file oom_json.h
   A kill for want of memory, from what is left after it, as JSON: one result of `audit --oom`, and
   what `validate --memory-limit` says of a program that was killed.
*/
#ifndef WX_CLI_OOM_JSON_H
#define WX_CLI_OOM_JSON_H

#include "attribution/oom.h"

#include <jansson.h>

/// NULL where memory ran out.
json_t *wx_oom_json(const WxOomReport *report);

#endif
