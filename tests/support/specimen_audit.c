// The documents of audits and explanations.
#include "support/specimen.h"

#include "output/audit_document.h"
#include "output/oom_document.h"
#include "support/pe_image.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* An audit of a living process, every figure of it known
 * -------------------------------------------------------------------------------------------------
 */

static const WxProtectionPart parts[WX_PARTS] = {
    [WX_PART_RX] = {1297, WX_MIB(283), WX_MIB(293), WX_MIB(307)},
    [WX_PART_RW] = {1301, WX_MIB(311), WX_MIB(313), WX_MIB(317)},
    [WX_PART_NONE] = {1303, WX_MIB(331), WX_MIB(337), WX_MIB(347)},
    [WX_PART_OTHER] = {1307, WX_MIB(349), WX_MIB(353), WX_MIB(367)},
};

// Of each owner its mappings and bytes, and what is resident of them. The container is made of the
// resident bytes of some.
static const struct {
  WxFigure bytes;
  WxOwnerResidency residency;
} owners[WX_OWNERS] = {
    [WX_OWNER_DOUBLE_MAPPER] = {WX_MIB(373), {1319, WX_MIB(379), WX_MIB(383), WX_MIB(389)}},
    [WX_OWNER_FILE] = {WX_MIB(397), {1321, WX_MIB(401), WX_MIB(409), WX_MIB(419)}},
    [WX_OWNER_HEAP_COMMITTED] = {WX_MIB(421), {1327, WX_MIB(23), WX_MIB(431), WX_MIB(433)}},
    [WX_OWNER_HEAP_RESERVED] = {WX_MIB(439), {1361, WX_MIB(443), WX_MIB(449), WX_MIB(457)}},
    [WX_OWNER_MAIN_HEAP] = {WX_MIB(461), {1367, WX_MIB(13), WX_MIB(463), WX_MIB(467)}},
    [WX_OWNER_STACK] = {WX_MIB(479), {1373, WX_MIB(11), WX_MIB(487), WX_MIB(491)}},
    [WX_OWNER_GC_COMMITTED] = {WX_MIB(499), {1381, WX_MIB(41), WX_MIB(503), WX_MIB(509)}},
    [WX_OWNER_GC_RESERVED] = {WX_MIB(521), {1399, WX_MIB(523), WX_MIB(541), WX_MIB(547)}},
    [WX_OWNER_ANONYMOUS] = {WX_MIB(557), {1409, WX_MIB(563), WX_MIB(569), WX_MIB(571)}},
    [WX_OWNER_RESERVED] = {WX_MIB(577), {1423, WX_MIB(587), WX_MIB(593), WX_MIB(599)}},
    [WX_OWNER_SPECIAL] = {WX_MIB(601), {1427, WX_MIB(607), WX_MIB(613), WX_MIB(617)}},
    [WX_OWNER_UNNAMED] = {WX_MIB(619), {1429, WX_MIB(631), WX_MIB(641), WX_MIB(643)}},
    [WX_OWNER_HOLE] = {WX_MIB(647), {0, 0, 0, 0}},
};

// Bytes of each owner inside the module's interval.
static const WxOwnership span = {{
    [WX_OWNER_DOUBLE_MAPPER] = (uint64_t)WX_MIB(653),
    [WX_OWNER_FILE] = (uint64_t)WX_MIB(659),
    [WX_OWNER_HEAP_COMMITTED] = (uint64_t)WX_MIB(661),
    [WX_OWNER_HEAP_RESERVED] = (uint64_t)WX_MIB(673),
    [WX_OWNER_MAIN_HEAP] = (uint64_t)WX_MIB(677),
    [WX_OWNER_STACK] = (uint64_t)WX_MIB(683),
    [WX_OWNER_GC_COMMITTED] = (uint64_t)WX_MIB(691),
    [WX_OWNER_GC_RESERVED] = (uint64_t)WX_MIB(701),
    [WX_OWNER_ANONYMOUS] = (uint64_t)WX_MIB(709),
    [WX_OWNER_RESERVED] = (uint64_t)WX_MIB(719),
    [WX_OWNER_SPECIAL] = (uint64_t)WX_MIB(727),
    [WX_OWNER_UNNAMED] = (uint64_t)WX_MIB(733),
    [WX_OWNER_HOLE] = (uint64_t)WX_MIB(739),
}};

static const WxModule modules[] = {
    {.path = "/memfd:doublemapper (deleted)",
     .start = 0x7f0000000000,
     .end = 0x7f0000000000 + (uint64_t)WX_MIB(997),
     .offset0 = 0x7f0000000000 + (uint64_t)WX_MIB(2),
     .own_bytes = (uint64_t)WX_MIB(743)},
    {.path = "/srv/app/Plug in.dll",
     .start = 0x7e0000000000,
     .end = 0x7e0000000000 + (uint64_t)WX_MIB(991),
     .offset0 = 0x7e0000000000,
     .own_bytes = (uint64_t)WX_MIB(29)},
};

static const WxRow rows[] = {
    {.start = 0x7f0010000000,
     .end = 0x7f0010000000 + (uint64_t)WX_MIB(751),
     .protection = WX_READ | WX_EXECUTE,
     .really = {{[WX_OWNER_HEAP_COMMITTED] = (uint64_t)WX_MIB(757),
                 [WX_OWNER_HOLE] = (uint64_t)WX_MIB(761),
                 [WX_OWNER_FILE] = 709 * 1024}}},
    {.start = 0x7f0050000000,
     .end = 0x7f0050000000 + (uint64_t)WX_MIB(769),
     .protection = -2,
     .really = {{[WX_OWNER_RESERVED] = (uint64_t)WX_MIB(787)}}},
};

static const WxCgroupFigures group = {.usage_bytes = WX_MIB(773),
                                      .limit_bytes = WX_MIB(977),
                                      .shmem_bytes = WX_MIB(269),
                                      .file_mapped_bytes = WX_MIB(277),
                                      .anon_bytes = WX_MIB(281),
                                      .file_bytes = WX_MIB(359),
                                      .swap_bytes = WX_MIB(71),
                                      .kernel_bytes = WX_MIB(79),
                                      .slab_bytes = WX_MIB(17),
                                      .socket_bytes = WX_MIB(3),
                                      .page_tables_bytes = WX_MIB(7),
                                      .kernel_stack_bytes = WX_MIB(5),
                                      .oom_kills = 83};

static const WxProcessStatus status = {.rss_bytes = WX_MIB(797),
                                       .rss_peak_bytes = WX_MIB(809),
                                       .rss_anon_bytes = WX_MIB(251),
                                       .rss_file_bytes = WX_MIB(811),
                                       .rss_shmem_bytes = WX_MIB(821),
                                       .swap_bytes = WX_MIB(823),
                                       .page_tables_bytes = WX_MIB(827),
                                       .threads = 1433,
                                       .parent = 1439,
                                       .user = 1447};

static WxTruth known_truth(void) {
  static WxMemfd memfds[] = {{.id = {1451, 1453, 1459}, .number = 1471},
                             {.id = {1481, 1483, 1487}, .number = 1489}};
  static WxOrphans files[] = {
      {.allocated_bytes = WX_MIB(829), .mapped_bytes = WX_MIB(839), .orphaned_bytes = WX_MIB(853)},
      {.allocated_bytes = WX_MIB(857), .mapped_bytes = WX_MIB(859), .orphaned_bytes = WX_MIB(863)}};
  return (WxTruth){.inodes = 1493,
                   .double_mapper = true,
                   .allocated_bytes = WX_MIB(211),
                   .mapped_bytes = WX_MIB(127),
                   .orphaned_bytes = WX_MIB(84),
                   .mappers_checked = 1499,
                   .mappers_unreadable = 1511,
                   .extents_known = true,
                   .allocated = {{[2] = 1523, [5] = 1531}, {[2] = 1543 << 14, [5] = 1549 << 17}},
                   .orphaned = {{[3] = 1553, [5] = 1559}, {[3] = 1567 << 15, [5] = 1571 << 17}},
                   .memfds = {memfds, LENGTH(memfds), 0},
                   .files = files};
}

static WxMemfd others[] = {{.id = {2857, 2861, 2879},
                            .number = 2909,
                            .allocated_bytes = WX_MIB(103),
                            .link = "/memfd:/dotnet_1f (deleted)"},
                           {.id = {2887, 2897, 2903},
                            .number = 2851,
                            .allocated_bytes = WX_MIB(101),
                            .link = "/dev/shm/my jit (deleted)"}};

static WxVerdictFacts known_facts(const WxAudit *audit) {
  return (WxVerdictFacts){.pid = (int)audit->pid,
                          .double_mapper = true,
                          .names_known = true,
                          .allocated = audit->truth.allocated_bytes,
                          .mapped = audit->truth.mapped_bytes,
                          .orphaned = audit->truth.orphaned_bytes,
                          .own_va = WX_MIB(877),
                          .span = WX_MIB(881),
                          .foreign = WX_MIB(883),
                          .empty = WX_MIB(887),
                          .rss_anon = audit->status.rss_anon_bytes,
                          .gc = WX_MIB(907),
                          .malloc_bytes = WX_MIB(911),
                          .cgroup_usage = audit->cgroup.usage_bytes,
                          .other_shmem = WX_MIB(919),
                          .other_files = WX_MIB(103),
                          .largest_other = others[0].number,
                          .page_cache = WX_MIB(929),
                          .kernel = WX_MIB(937),
                          .mappings = 1579,
                          .max_map_count = audit->max_map_count,
                          .heaps_committed = WX_MIB(941),
                          .arenas = 1583,
                          .dumped = true,
                          .reserved_parts = WX_MIB(947),
                          .reserved_resident = WX_MIB(953),
                          .stacks_filled = WX_MIB(967)};
}

// Of static parts: not to be freed.
static WxAudit known_audit(void) {
  static WxResidency residency;
  static WxSpace space;
  space = (WxSpace){.residency = &residency,
                    .heaps = {.arenas = 1597,
                              .arenas_known = true,
                              .ring_checked = true,
                              .ring_complete = true,
                              .weakest = WX_PROOF_FLAGS,
                              .committed_bytes = (uint64_t)WX_MIB(971),
                              .reserved_bytes = (uint64_t)WX_MIB(983),
                              .proven = 1601,
                              .pattern_count = 1607,
                              .pattern_bytes = (uint64_t)WX_MIB(61)}};
  WxAudit audit = {.source = WX_SOURCE_LIVE,
                   .pid = 4709,
                   .command = "My \"app\"",
                   .space = &space,
                   .modules = {(WxModule *)modules, LENGTH(modules), 0, NULL, 0},
                   .module = &modules[0],
                   .rows = {(WxRow *)rows, LENGTH(rows), 0, 1609, (uint64_t)WX_MIB(67)},
                   .truth = known_truth(),
                   .others = {others, LENGTH(others)},
                   .others_known = true,
                   .span = span,
                   .allocator = {.name = "glibc",
                                 .environment_known = true,
                                 .preloaded = true,
                                 .tunables = "glibc.malloc.arena_max=3",
                                 .arena_max = "5",
                                 .top_pad = "7",
                                 .rules = {.slot_bytes = 0x2000000}},
                   .runtime = {true, "10.0.14", NULL},
                   .status = status,
                   .max_map_count = 65521,
                   .mappings_per_day = 1613,
                   .seconds_to_limit = 1619 * 86400,
                   .group = {.version = 2},
                   .cgroup = group};
  memcpy(audit.parts, parts, sizeof parts);
  for (size_t i = 0; i < WX_OWNERS; ++i) {
    audit.ownership.bytes[i] = (uint64_t)owners[i].bytes;
    audit.residency[i] = owners[i].residency;
  }
  wx_audit_notice(&audit, "A notice, and a number: %d.", 1621);
  wx_audit_fill_container(&audit);
  audit.wx_state = WX_STATE_ON_BUT_OTHER;
  audit.facts = known_facts(&audit);
  wx_verdict_judge(&audit.verdict, &audit.facts);
  return audit;
}

int wx_specimen_audit(WxDocument *document) {
  const WxAudit audit = known_audit();
  wx_document_add_result(document, wx_audit_json(&audit));
  wx_audit_tables(document, &audit, false);
  return 0;
}

static char *watch_line(const WxAudit *audit, WxFigure mappings_before) {
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  ck_assert_ptr_nonnull(stream);
  wx_audit_watch_line(stream, &(WxAuditMoment){"12:34:56", 7200, mappings_before}, audit);
  ck_assert_int_eq(fclose(stream), 0);
  return text;
}

char *wx_specimen_watch(const WxDocument *document) {
  (void)document;
  const WxAudit audit = known_audit();
  return watch_line(&audit, 571);
}

char *wx_specimen_metrics(const WxDocument *document) {
  char *text = wx_audit_metrics(document->results);
  ck_assert_ptr_nonnull(text);
  return text;
}

/* The same where nothing can be known
 * -------------------------------------------------------------------------------------------------
 */

static WxAudit unknown_audit(void) {
  static const WxSpace space;
  WxAudit audit = {.source = WX_SOURCE_LIVE,
                   .space = &space,
                   .truth = wx_truth_unknown(),
                   .status = {WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN,
                              WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN},
                   .max_map_count = WX_UNKNOWN,
                   .mappings_per_day = WX_UNKNOWN,
                   .seconds_to_limit = WX_UNKNOWN};
  const WxCgroup none = {0};
  WxText text = {0};
  wx_cgroup_read(&audit.cgroup, &none, &text);
  wx_text_free(&text);
  for (size_t i = 0; i < WX_PARTS; ++i)
    audit.parts[i] = (WxProtectionPart){.rss_bytes = WX_UNKNOWN, .pss_bytes = WX_UNKNOWN};
  for (size_t i = 0; i < WX_OWNERS; ++i)
    audit.residency[i] = (WxOwnerResidency){0, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN};
  // Of one owner something is mapped, so that there is a row for it.
  audit.ownership.bytes[WX_OWNER_FILE] = (uint64_t)WX_MIB(19);
  audit.residency[WX_OWNER_FILE].mappings = 23;
  wx_audit_judge(&audit, &(WxAuditOptions){0});
  return audit;
}

int wx_specimen_audit_unknown(WxDocument *document) {
  const WxAudit audit = unknown_audit();
  wx_document_add_result(document, wx_audit_json(&audit));
  wx_audit_tables(document, &audit, true);
  return 0;
}

char *wx_specimen_watch_unknown(const WxDocument *document) {
  (void)document;
  const WxAudit audit = unknown_audit();
  return watch_line(&audit, 0);
}

/* An audit whose figures are weighed and judged from a saved file, by every rule on the way
 * -------------------------------------------------------------------------------------------------
 */

int wx_specimen_audit_smaps(WxDocument *document) {
  WxAudit audit;
  const int failed = wx_audit_file(&audit, WX_SOURCE_SMAPS, "tests/fixtures/audit.smaps",
                                   &(WxAuditOptions){.rows = 5});
  if (!failed) {
    wx_document_add_result(document, wx_audit_json(&audit));
    wx_audit_tables(document, &audit, true);
  }
  wx_audit_free(&audit);
  return failed;
}

/* All processes, what changed, images
 * -------------------------------------------------------------------------------------------------
 */

int wx_specimen_audit_all(WxDocument *document) {
  WxAudit audits[3] = {known_audit(), known_audit(), unknown_audit()};
  audits[1].pid = 4703;
  audits[1].truth.orphaned_bytes = WX_MIB(85);
  audits[1].cgroup.limit_bytes = WX_CGROUP_NO_LIMIT;
  audits[2].pid = 4691;
  WxAuditRow all[LENGTH(audits)];
  WxFileId seen[8];
  WxAuditTotal total = {.seen = seen, .capacity = LENGTH(seen)};
  for (size_t i = 0; i < LENGTH(audits); ++i) {
    wx_audit_make_row(&all[LENGTH(audits) - 1 - i], &audits[i]);
    wx_audit_add_to_total(&total, &audits[i].truth);
  }
  const WxSurvey survey = {0};
  wx_audit_all_document(document, all, LENGTH(all), &total, &survey, NULL);
  return 0;
}

// All known, as a report and a table of tasks say it; then nothing but that something was killed.
int wx_specimen_audit_oom(WxDocument *document) {
  WxOomReport reports[2] = {wx_oom_nothing(), wx_oom_nothing()};
  reports[0].killed = reports[1].killed = true;
  reports[0].kills = 1;
  reports[0].pid = 4721;
  snprintf(reports[0].command, sizeof reports[0].command, "My \"app\"");
  reports[0].scope = WX_OOM_GROUP;
  reports[0].dotnet = true;
  reports[0].virtual_bytes = WX_MIB(3001);
  reports[0].anon_rss_bytes = WX_MIB(53);
  reports[0].file_rss_bytes = WX_MIB(29);
  reports[0].shmem_rss_bytes = WX_MIB(31);
  reports[0].page_tables_bytes = WX_MIB(2);
  reports[0].group = group;
  reports[0].group.usage_bytes = WX_MIB(431);
  reports[0].group.anon_bytes = WX_MIB(59);
  reports[0].group.file_mapped_bytes = WX_MIB(37);
  for (size_t i = 0; i < LENGTH(reports); ++i)
    wx_oom_judge(&reports[i]);
  wx_oom_document_add(document, reports, LENGTH(reports));
  return 0;
}

int wx_specimen_audit_diff(WxDocument *document) {
  static json_t *base, *now; // What is read is there before memory can run out.
  WxAudit audit = known_audit();
  if (!base)
    base = wx_audit_json(&audit);
  audit.truth.allocated_bytes += WX_MIB(1);
  audit.truth.mapped_bytes += WX_MIB(4);
  audit.truth.orphaned_bytes -= WX_MIB(9);
  audit.parts[WX_PART_RX].bytes += (uint64_t)WX_MIB(16);
  ((WxSpace *)audit.space)->heaps.committed_bytes += (uint64_t)WX_MIB(25);
  ((WxSpace *)audit.space)->heaps.arenas += 36;
  audit.residency[WX_OWNER_HEAP_COMMITTED].rss_bytes += WX_MIB(49);
  audit.status.rss_bytes += WX_MIB(64);
  audit.status.rss_anon_bytes += WX_MIB(81);
  audit.status.rss_shmem_bytes = WX_UNKNOWN;
  audit.status.threads += 100;
  audit.cgroup.usage_bytes += WX_MIB(121);
  audit.cgroup.shmem_bytes += WX_MIB(144);
  audit.facts.mappings += 169;
  audit.verdict.code = WX_VERDICT_LIVE;
  if (!now)
    now = wx_audit_json(&audit);
  wx_audit_diff_add(document, base, now);
  return 0;
}

enum { IMAGE_AT = 0x10000, IMAGE_END = 0x20000 };

static ssize_t read_image(void *context, uint64_t address, void *buffer, size_t size) {
  const char *bytes = context;
  if (address < IMAGE_AT || address >= IMAGE_END)
    return -EFAULT;
  const size_t there = IMAGE_END - address < size ? IMAGE_END - address : size;
  memcpy(buffer, bytes + (address - IMAGE_AT), there);
  return (ssize_t)there;
}

// One image, and two letters of each sort that begin none.
int wx_specimen_audit_images(WxDocument *document) {
  static unsigned char bytes[IMAGE_END - IMAGE_AT];
  wx_test_image(bytes + 0x1000, 0);
  memcpy(bytes + 0x3008, (const uint64_t[]){0x7f125a4d1230}, 8); // In a pointer.
  memcpy(bytes + 0x4008, (const uint32_t[]){0x5a4d}, 4);         // A number.
  memcpy(bytes + 0x5000, "see MZ here", 11);                     // In text.
  memcpy(bytes + 0x6000, "MZ\x90\0\3\0\0\0", 8);                 // Nothing follows.
  const WxMemory memory = {read_image, bytes};
  const WxMapping mapping = {
      .start = IMAGE_AT, .end = IMAGE_END, .protection = WX_READ | WX_WRITE, .path = ""};
  WxAudit audit = known_audit();
  WxSpace space = {.mappings = &mapping, .count = 1, .memory = &memory};
  int failed = wx_space_attribute(&space);
  audit.source = WX_SOURCE_CORE;
  audit.space = &space;
  audit.truth.files = NULL;
  json_t *result = json_object();
  wx_document_add_result(document, result);
  WxProblem problem;
  if (!failed && result)
    failed = wx_audit_add_images(document, result, &audit, &(WxImageSearch){0}, &problem);
  wx_space_free(&space);
  return failed;
}

/* explain
 * -------------------------------------------------------------------------------------------------
 */

// Each reading once.
int wx_specimen_explain(WxDocument *document) {
  static WxRange ranges[] = {
      {.start = 0x7f4000000000, .end = 0x7f4007ff6000, .protection = WX_PROTECTION_UNKNOWN},
      {.start = 0x7f4010000000, .end = 0x7f4011234000, .protection = WX_READ | WX_WRITE},
      {.start = 0x7f4011234000, .end = 0x7f4014000000, .protection = 0},
      {.start = 0x7f4020000000, .end = 0x7f402c000000, .protection = WX_READ | WX_WRITE},
      {.start = 0x7f4030021000, .end = 0x7f4034000000, .protection = WX_PROTECTION_NOTHING},
      {.start = 0x7f4040021000, .end = 0x7f4041000000, .protection = 0},
      {.start = 0x7f4050123000, .end = 0x7f4054000000, .protection = WX_PROTECTION_UNKNOWN},
      {.start = 0x7f4060123000, .end = 0x7f406d456000, .protection = WX_READ | WX_EXECUTE},
      {.start = 0xffffa40000000000, .end = 0xffffa40000005000, .protection = WX_PROTECTION_UNKNOWN},
      {.protection = WX_PROTECTION_UNKNOWN},
      {.protection = WX_PROTECTION_UNKNOWN},
      {.start = 0x7f4080123456, .protection = WX_PROTECTION_UNKNOWN},
  };
  const char *named[] = {
      "7f2900010000-7f2900014000 r-xs 00161000 00:01 4711 /memfd:doublemapper (deleted)",
      " | Stack | 7fe747800000 | 7fe7502f1000 | 138.94mb | MEM_PRIVATE | MEM_COMMIT | "
      "PAGE_READWRITE | |",
  };
  for (size_t i = 0; i < LENGTH(named); ++i)
    if (!wx_explain_parse(named[i], &ranges[LENGTH(ranges) - 3 + i]))
      return -EINVAL;
  wx_explain_document(document, ranges, LENGTH(ranges), WX_HEAP_SLOT_BYTES);
  return 0;
}
