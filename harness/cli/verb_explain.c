// `wxbench explain`: what the address ranges of a debugger's list are.
#include "attribution/explain.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/audit_document.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_SLOT = 256 };

typedef struct {
  uint64_t slot;
} Own;

static const struct argp_option own_options[] = {
    {"slot", OPTION_SLOT, "BYTES", 0,
     "What malloc reserves for a heap (64 MiB; four huge pages where the target has "
     "GLIBC_TUNABLES=glibc.malloc.hugetlb)",
     0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state) {
  Own *own = state->input;
  if (key != OPTION_SLOT)
    return ARGP_ERR_UNKNOWN;
  const error_t failed = wx_options_bytes(state, argument, &own->slot);
  if (failed)
    return failed;
  if (own->slot < 1 << 20 || own->slot & (own->slot - 1))
    return wx_options_refuse(state, "%s: expected a power of two of at least 1 MiB", argument);
  return 0;
}

static const WxOptionsSpec spec = {
    .arguments = "[START-END...]",
    .summary = "Say what ranges of addresses from somebody's listing are: which are the double "
               "mapper's, which are malloc's heaps, which are no memory at all, and how sure that "
               "is. Without arguments, any text is read from standard input: lines of maps or "
               "smaps, rows of pmap, lsof, perf, gdb, lldb, SOS or WinDbg, or prose with START-END "
               "in it. A row that names its owner is told by that name; the addresses count where "
               "it has none.",
    .example = "  wxbench explain 7f4000000000-7f4007ff6000 7f404c021000-7f4051b4c000",
    .options = own_options,
    .parse = parse,
};

static int take_arguments(const WxOptions *options, WxRanges *ranges) {
  for (size_t i = 0; i < options->argument_count; ++i) {
    WxRange range;
    if (!wx_explain_parse_range(options->arguments[i], &range))
      return wx_cli_fail(options->verb,
                         "'%s': expected START-END, two hexadecimal addresses in ascending order",
                         options->arguments[i]);
    if (wx_ranges_add(ranges, &range))
      return wx_cli_fail(options->verb, "%s", strerror(ENOMEM));
  }
  return 0;
}

static int take_pasted(const WxOptions *options, WxRanges *ranges) {
  size_t lines;
  const int failed = wx_ranges_read(ranges, STDIN_FILENO, &lines);
  if (failed)
    return wx_cli_fail(options->verb, "%s", strerror(-failed));
  if (!ranges->count)
    return wx_cli_fail(options->verb,
                       "none of the %zu lines on stdin has a range: a summary has no addresses, "
                       "and what a range is can be told from its name or its addresses only. Paste "
                       "lines of /proc/PID/maps, rows of pmap -x or of a debugger's list, or "
                       "START-END",
                       lines);
  return 0;
}

int wx_cli_explain(int argc, char **argv) {
  Own own = {.slot = WX_HEAP_SLOT_BYTES};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  WxRanges ranges = {0};
  const int failed =
      options.argument_count ? take_arguments(&options, &ranges) : take_pasted(&options, &ranges);
  if (failed) {
    wx_ranges_free(&ranges);
    wx_options_free(&options);
    return failed;
  }
  WxDocument document;
  wx_document_init(&document, "explain");
  wx_explain_document(&document, ranges.items, ranges.count, own.slot);
  const int status = wx_cli_finish(&options, &document, WX_UNKNOWN, WX_EXIT_OK);
  wx_ranges_free(&ranges);
  return status;
}
