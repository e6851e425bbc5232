/**
   @file naming.h
   Whose memory a row is that names its owner: the name is proof, where the address is a pattern.

   A name of maps is the file that is mapped. The Image column of a debugger is not: it is the
   module whose interval the row lies in. Its Memory Kind is the runtime's own word.
*/
#ifndef WX_ATTRIBUTION_NAMING_H
#define WX_ATTRIBUTION_NAMING_H

#include <stdbool.h>
#include <stddef.h>

/// What a name stands for. Rows of a table: compare the addresses.
typedef struct {
  const char *code;      ///< "double-mapper", "file", ...
  const char *text;      ///< What memory of that name is.
  const char *code_text; ///< Where it may be executed; NULL: the same.
  const char *file_text; ///< Where it is not said what may be done with it; NULL: the text.
  const char *reserved;  ///< Where nothing may be done with it; NULL: the same.
  bool shown;            ///< The name itself says more.
  bool stack;
} WxNaming;

/// What `name`, of maps, pmap, gdb and their like, stands for; NULL where it names nothing.
const WxNaming *wx_naming_of_name(const char *name, size_t length);

/// What a debugger's Memory Kind stands for; NULL where it says nothing (Image).
const WxNaming *wx_naming_of_kind(const char *kind, size_t length);

/// What is told by something else than a name: shared memory, private memory that may be executed,
/// a method of a perf map, the interval of a module.
const WxNaming *wx_naming_of_shared(void);
const WxNaming *wx_naming_of_code(void);
const WxNaming *wx_naming_of_method(void);
const WxNaming *wx_naming_of_module(void);

bool wx_naming_is_double_mapper(const WxNaming *naming);

#endif
