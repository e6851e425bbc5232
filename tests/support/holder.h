/**
   @file holder.h
   Another program (small: the address space of a sanitizer takes long to read) that holds a double
   mapper's file of which nothing is mapped.
*/
#ifndef TESTS_SUPPORT_HOLDER_H
#define TESTS_SUPPORT_HOLDER_H

#include <sys/types.h>

/// Bytes that the file holds, all of them orphaned.
enum { WX_HOLDER_BYTES = 64 * 1024 };

/// Starts it. End it with wx_bystander_end().
pid_t wx_holder_start(void);

#endif
