/**
   @file program_units.h
   How the tables of programs are written, one file a version: program_net8.c and so on.

   `scripts/measure-model --programs VERSION` writes them: from `hello` of scenarios/dotnet up to
   its first step and from each workload, by the sizes of what is committed in blocks that are never
   released. Allocations of more than a page are seen one by one, smaller ones only by the pages
   that they fill. The large one at the start is the maps of the core library, one word for each of
   its types, methods and fields.
*/
#ifndef WX_CLR_PROGRAM_UNITS_H
#define WX_CLR_PROGRAM_UNITS_H

#include "clr/program.h"

enum {
  SMALL = 64,          ///< Divides a page, so that whole pages are filled.
  PAGE = 4096 / SMALL, ///< Small allocations of a page.
  PAIR = 670,          ///< Precodes that fill a pair of 16 KiB pages, all but a few.
  KIB = 1024,
};

#define STEP_BEGIN(METHODS)                                                                        \
  {WX_CLR_CODE, METHODS, 440, 0}, {                                                                \
    WX_CLR_CALLS, 1, 64, 0                                                                         \
  }
#define STEP_END                                                                                   \
  { WX_CLR_BARRIER, 1, 64, 0 }

/// Methods of the program itself, and what is written in turn with them: a stub of virtual calls,
/// one of the stub linker, the barrier. Each lies in a page of its own.
#define STEP(METHODS) STEP_BEGIN(METHODS), {WX_CLR_STUBS, 1, 64, 0}, STEP_END

/// The same on .NET 11, where the stub linker makes none: no page of its heap is ever committed.
#define STEP_WITHOUT_STUBS(METHODS) STEP_BEGIN(METHODS), STEP_END

enum { WX_CLR_PROGRAMS = 14 };

/// The programs of one version; the rest of the table is empty.
typedef struct {
  const char *version;
  WxClrProgram programs[WX_CLR_PROGRAMS];
} WxClrPrograms;

/// The versions whose programs are known: one file each, program_VERSION.c.
#define WX_CLR_PROGRAMS_OF(ROW) ROW(net8) ROW(net9) ROW(net10) ROW(net11)

#define WX_CLR_PROGRAMS_DECLARED(VERSION) extern const WxClrPrograms wx_clr_programs_##VERSION;
WX_CLR_PROGRAMS_OF(WX_CLR_PROGRAMS_DECLARED)
#undef WX_CLR_PROGRAMS_DECLARED

#endif
