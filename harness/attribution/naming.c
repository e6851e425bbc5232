#include "attribution/naming.h"

#include <string.h>

enum {
  OF_DOUBLE_MAPPER,
  OF_TEMPLATE,
  OF_MEMFD,
  OF_CUT_MEMFD,
  OF_FILE,
  OF_MAIN_HEAP,
  OF_ARENA,
  OF_STACK,
  OF_KERNEL,
  OF_ANONYMOUS,
  OF_GC,
  OF_LOADER_HEAP,
  OF_SHARED,
  OF_CUT_NAME,
  OF_MAPPED_FILE,
  OF_SYSTEM_V,
  OF_CODE,
  OF_METHOD,
  OF_MODULE,
  OF_FREE
};

static const WxNaming namings[] = {
    [OF_DOUBLE_MAPPER] = {.code = "double-mapper",
                          .text = "the double mapper's data, or a writable view of its code",
                          .code_text = "the double mapper's code",
                          .file_text = "the double mapper's file: its code, data and views",
                          .reserved = "reserved by the double mapper: address space, no memory"},
    [OF_TEMPLATE] = {.code = "double-mapper-template",
                     .text = "the runtime's page of stubs, mapped many times (not the double "
                             "mapper)"},
    [OF_MEMFD] = {.code = "memfd", .text = "a memfd, not the double mapper's", .shown = true},
    [OF_CUT_MEMFD] = {.code = "cut-memfd",
                      .text = "a memfd whose name is cut off: the double mapper's begins so",
                      .shown = true},
    [OF_FILE] = {.code = "file", .text = "a mapping of a file", .shown = true},
    [OF_MAIN_HEAP] = {.code = "main-heap", .text = "malloc's main heap"},
    [OF_ARENA] = {.code = "arena",
                  .text = "a heap of malloc",
                  .reserved = "the reserved part of a heap of malloc: zero bytes of memory"},
    [OF_STACK] = {.code = "stack", .text = "a thread's stack", .stack = true},
    [OF_KERNEL] = {.code = "kernel", .text = "the kernel's own", .shown = true},
    [OF_ANONYMOUS] = {.code = "anonymous",
                      .text = "memory that its owner has named",
                      .shown = true},
    [OF_GC] = {.code = "gc", .text = "the garbage collector's", .shown = true},
    [OF_LOADER_HEAP] = {.code = "loader-heap",
                        .text = "a loader heap of the runtime, in the double mapper's file where "
                                "W^X is on",
                        .shown = true},
    [OF_SHARED] = {.code = "shared",
                   .text = "shared memory, whose file is not named here: not malloc's, which is "
                           "private",
                   .code_text = "shared memory that may be executed, whose file is not named here: "
                                "as the double mapper's code is",
                   .file_text = "shared memory, whose file is not named here: not malloc's, which "
                                "is private"},
    [OF_CUT_NAME] = {.code = "cut-name",
                     .text = "a mapping of a file whose name begins further left",
                     .shown = true},
    [OF_MAPPED_FILE] = {.code = "mapped-file",
                        .text = "a MemoryMappedFile of .NET without a file of its own",
                        .shown = true},
    [OF_SYSTEM_V] = {.code = "shared-memory", .text = "shared memory of System V", .shown = true},
    [OF_CODE] = {.code = "code",
                 .text = "executable memory without a file: code made at run time, by no double "
                         "mapper"},
    [OF_METHOD] = {.code = "method",
                   .text = "compiled code, as its runtime's perf map names it",
                   .shown = true},
    [OF_MODULE] = {.code = "module",
                   .text = "what a debugger takes for a module, from its lowest mapping to its "
                           "highest; others' memory between them is none of it",
                   .shown = true},
    [OF_FREE] = {.code = "free", .text = "free address space: nothing is mapped there"},
};

// What of a name has to be the rule's text: its beginning, all of it, a beginning that a remark may
// stand behind, or all that was left of the text when it was cut.
typedef enum { START, WHOLE, WORD, CUT } Match;

typedef struct {
  const char *text;
  Match match;
  int naming; // -1: none.
} Rule;

// The first that fits counts; pmap prints no slash before a memfd and spaces inside brackets.
static const Rule names[] = {
    {"/memfd:doublemapper", WORD, OF_DOUBLE_MAPPER},
    {"memfd:doublemapper", WORD, OF_DOUBLE_MAPPER},
    {"/memfd:doublemapper-template", START, OF_TEMPLATE},
    {"memfd:doublemapper-template", START, OF_TEMPLATE},
    {"/memfd:doublemapper", CUT, OF_CUT_MEMFD},
    {"memfd:doublemapper", CUT, OF_CUT_MEMFD},
    {"/memfd:/dotnet_", START, OF_MAPPED_FILE},
    {"memfd:/dotnet_", START, OF_MAPPED_FILE},
    {"/dev/shm/dotnet_", START, OF_MAPPED_FILE},
    {"/memfd:", START, OF_MEMFD},
    {"memfd:", START, OF_MEMFD},
    {"[heap]", WORD, OF_MAIN_HEAP},
    {"[ heap ]", WORD, OF_MAIN_HEAP},
    {"[stack", START, OF_STACK},
    {"[ stack", START, OF_STACK},
    {"[anon: glibc: malloc", START, OF_ARENA},
    {"[anon: glibc: pthread stack", START, OF_STACK},
    {"[anon:", START, OF_ANONYMOUS},
    {"[anon_shmem:", START, OF_ANONYMOUS},
    {"[anon_", START, -1}, // Of pwndbg, which counts them.
    {"/SYSV", START, OF_SYSTEM_V},
    {"/dev/zero (deleted)", WHOLE, OF_SHARED},
    {"...", START, OF_CUT_NAME},
    {"\xe2\x80\xa6", START, OF_CUT_NAME},
    {"[ anon ]", WORD, -1},
    {"[anon]", WORD, -1},
    {"[unknown]", WORD, -1},
    {"[", START, OF_KERNEL},
    {"", WHOLE, -1},
    {"//anon", WORD, -1},
    {"", START, OF_FILE},
};

static const Rule kinds[] = {
    {"GC", START, OF_GC},          {"HandleTable", START, OF_GC},    {"Stack", WHOLE, OF_STACK},
    {"Free", WHOLE, OF_FREE},      {"MappedFile", WHOLE, OF_SHARED}, {"Heap", WHOLE, -1},
    {NULL, START, OF_LOADER_HEAP}, // Any that ends with Heap.
};

static bool is_end(const char *text, size_t length) {
  return !length || strchr(" \t\\,", *text); // A blank may be written as \040.
}

static bool fits(const Rule *rule, const char *text, size_t length) {
  static const char heap[] = "Heap";
  const size_t ending = sizeof heap - 1;
  if (!rule->text)
    return length > ending && !memcmp(text + length - ending, heap, ending);
  const size_t expected = strlen(rule->text);
  if (rule->match == CUT)
    return length < expected && length > strlen("/memfd:") && !memcmp(text, rule->text, length);
  return length >= expected && !memcmp(text, rule->text, expected) &&
         (rule->match == START ||
          (rule->match == WHOLE ? length == expected : is_end(text + expected, length - expected)));
}

static const WxNaming *find(const Rule *rules, size_t count, const char *text, size_t length) {
  for (size_t i = 0; i < count; ++i)
    if (fits(&rules[i], text, length))
      return rules[i].naming < 0 ? NULL : &namings[rules[i].naming];
  return NULL;
}

const WxNaming *wx_naming_of_name(const char *name, size_t length) {
  return find(names, sizeof names / sizeof *names, name, length);
}

const WxNaming *wx_naming_of_kind(const char *kind, size_t length) {
  return find(kinds, sizeof kinds / sizeof *kinds, kind, length);
}

const WxNaming *wx_naming_of_shared(void) {
  return &namings[OF_SHARED];
}

const WxNaming *wx_naming_of_code(void) {
  return &namings[OF_CODE];
}

const WxNaming *wx_naming_of_method(void) {
  return &namings[OF_METHOD];
}

const WxNaming *wx_naming_of_module(void) {
  return &namings[OF_MODULE];
}

bool wx_naming_is_double_mapper(const WxNaming *naming) {
  return naming == &namings[OF_DOUBLE_MAPPER];
}
