/**
   @file patterned.h
   A memfd:doublemapper some of whose pages are zero, and a process that holds one.
*/
#ifndef TESTS_SUPPORT_PATTERNED_H
#define TESTS_SUPPORT_PATTERNED_H

#include "measure/memfd.h"
#include "support/double_map.h"

#include <sys/types.h>

/// Of 4 KiB: every third one has a byte, the last eight are holes.
enum { WX_PATTERNED_PAGES = 64 };

/// Makes the file, of which nothing stays mapped. It ends with double_map_free().
DoubleMap wx_patterned_make(void);

/// Starts a child that looks like .NET and has such a file. End it with wx_bystander_end().
pid_t wx_patterned_start(void);

/// The file of that child.
WxMemfd wx_patterned_memfd(pid_t pid);

#endif
