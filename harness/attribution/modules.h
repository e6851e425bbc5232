/**
   @file modules.h
   Modules as debuggers see them: one interval of addresses for each file name, whatever else lies
   inside (SOS and ClrMD, dotnet/runtime 89776).
*/
#ifndef WX_ATTRIBUTION_MODULES_H
#define WX_ATTRIBUTION_MODULES_H

#include "measure/maps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One file name.
typedef struct {
  const char *path;   ///< As the kernel prints it; of the mappings.
  uint64_t start;     ///< Lowest address of any of its mappings,
  uint64_t end;       ///< and highest: the interval of WinDbg.
  uint64_t offset0;   ///< First mapping of the file's start, else `start`: to `end` that of ClrMD.
  uint64_t own_bytes; ///< Address space that it really maps;
  uint64_t executable_bytes; ///< of it shared, or of a memfd, and executable.
  size_t mappings;
  bool has_offset0;
} WxModule;

/// All modules by `start`. Start with {0}, end with wx_modules_free().
typedef struct {
  WxModule *items;
  size_t count;
  size_t capacity;
  size_t *slots; ///< A hash table of indices by path, while it is filled.
  size_t slot_count;
} WxModules;

/// Fills `modules` from mappings in address order. Returns 0 or -ENOMEM.
int wx_modules_find(WxModules *modules, const WxMapping *mappings, size_t count);

/// The module whose interval holds `address`: where several do, that with the highest start. NULL
/// where there is none.
const WxModule *wx_modules_at(const WxModules *modules, uint64_t address);

/// The module of exactly this path, or NULL.
const WxModule *wx_modules_named(const WxModules *modules, const char *path);

/// How far a module's interval exceeds what it maps: span / own.
double wx_module_inflation(const WxModule *module);

/// Writes the name that WinDbg gives a path: `/memfd:doublemapper (deleted)` becomes
/// `doublemapper__deleted_`. Never writes more than `size` bytes.
void wx_module_name(const char *path, char *name, size_t size);

void wx_modules_free(WxModules *modules);

#endif
