/**
   @file backing.h
   The file behind a double mapping.
*/
#ifndef WX_STRATEGY_BACKING_H
#define WX_STRATEGY_BACKING_H

#include "strategy/strategy_options.h"

/// The name the runtime gives its memfd; links to it read `/memfd:doublemapper (deleted)`.
#define WX_BACKING_NAME "doublemapper"

/// Creates the file and sets its size. Returns a descriptor; on failure nothing is left.
int wx_backing_open(WxBacking backing, uint64_t size);

/// Closes a descriptor on an error path, whatever happens.
void wx_backing_abandon(int fd);

#endif
