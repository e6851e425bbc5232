// audit --images and --extract: which assemblies are in there, and what every bare MZ really is.
#include "attribution/images.h"
#include "output/audit_document.h"
#include "output/json.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN_HITS = 20, TEXT = 160 };

typedef struct {
  WxProblem *problem;
  const char *folder; ///< Images are written into it; NULL for none.
  WxTable *images;
  WxTable *letters;
  WxJsonBuilder image_list;
  WxJsonBuilder letter_list;
  uint64_t counts[WX_MZ_REASONS];
  uint64_t found;
  uint64_t shown;
  bool of_files; ///< Now come the files that are mapped: they need not be written.
} Report;

// The name of a file for an image: only what is harmless in a path.
static void file_name(const WxPeImage *image, char name[TEXT]) {
  char clean[WX_PE_NAME] = "image";
  for (size_t i = 0; image->name[i] || i == 0; ++i) {
    const char one = image->name[i];
    if (!one)
      break;
    const bool harmless = (one >= '0' && one <= '9') || (one >= 'a' && one <= 'z') ||
                          (one >= 'A' && one <= 'Z') || (one == '.' && i) || one == '-' ||
                          one == '_';
    clean[i] = harmless ? one : '_';
    clean[i + 1] = '\0';
  }
  snprintf(name, TEXT, "%s-%" PRIx64 ".dll", clean, image->address);
}

static int extract(Report *report, const WxPeImage *image, const WxImagePlace *place) {
  char name[TEXT], path[PATH_MAX];
  file_name(image, name);
  if (snprintf(path, sizeof path, "%s/%s", report->folder, name) >= (int)sizeof path)
    return -ENAMETOOLONG;
  const int error = wx_image_write(image, place, path);
  if (error && error != -ENODATA)
    return wx_problem(report->problem, error, "cannot write '%s': %s", path, strerror(-error));
  return 0;
}

static int take_image(const WxPeImage *image, const WxImagePlace *place, void *context) {
  Report *report = context;
  char start[32], version[48] = "";
  snprintf(start, sizeof start, "%" PRIx64, image->address);
  if (image->version[0] || image->version[1] || image->version[2] || image->version[3])
    snprintf(version, sizeof version, "%u.%u.%u.%u", image->version[0], image->version[1],
             image->version[2], image->version[3]);
  const char *layout = image->mapped ? "as loaded" : "as in the file";
  wx_table_add(report->images,
               (WxCell[]){wx_text(start), wx_text(*image->name ? image->name : NULL),
                          wx_text(*version ? version : NULL), wx_figure((WxFigure)image->bytes),
                          wx_text(image->managed ? "managed" : "native"), wx_text(layout),
                          wx_text(place->where)});
  wx_json_append(&report->image_list,
                 json_pack("{s:s, s:o, s:o, s:I, s:b, s:s, s:o}", "address", start, "name",
                           wx_json_text(*image->name ? image->name : NULL), "version",
                           wx_json_text(*version ? version : NULL), "bytes",
                           (json_int_t)image->bytes, "managed", image->managed, "layout", layout,
                           "where", wx_json_text(place->where)));
  ++report->found;
  return report->folder && !report->of_files ? extract(report, image, place) : 0;
}

static int take_letters(const WxMzHit *hit, const WxImagePlace *place, void *context) {
  Report *report = context;
  ++report->counts[hit->reason];
  if (report->shown == SHOWN_HITS)
    return 0;
  ++report->shown;
  char address[32], why[TEXT];
  snprintf(address, sizeof address, "%" PRIx64, hit->address);
  if (hit->reason == WX_MZ_POINTER)
    snprintf(why, sizeof why, "bytes %u-%u of the pointer 0x%" PRIx64, hit->byte, hit->byte + 1,
             hit->pointer);
  else
    snprintf(why, sizeof why, "%s", wx_mz_reason_text(hit->reason));
  wx_table_add(report->letters, (WxCell[]){wx_text(address), wx_text(why), wx_text(place->where)});
  wx_json_append(&report->letter_list, json_pack("{s:s, s:s, s:o}", "address", address, "why", why,
                                                 "where", wx_json_text(place->where)));
  return 0;
}

static void finish(Report *report, WxDocument *document, json_t *result) {
  uint64_t all = 0;
  WxJsonBuilder counts = wx_json_object();
  for (size_t i = 0; i < WX_MZ_REASONS; ++i) {
    all += report->counts[i];
    wx_json_put(&counts, wx_mz_reason_text((WxMzReason)i),
                json_integer((json_int_t)report->counts[i]));
  }
  const int lost = wx_json_set(result, "images", wx_json_built(&report->image_list)) |
                   wx_json_set(result, "bare_mz", wx_json_built(&report->letter_list)) |
                   wx_json_set(result, "bare_mz_counts", wx_json_built(&counts));
  document->lost |= lost != 0;
  wx_document_add_table(document, report->images);
  wx_document_add_table(document, report->letters);
  wx_document_note(document,
                   "%" PRIu64 " images; %" PRIu64 " bare MZ that are none: %" PRIu64
                   " in pointers, %" PRIu64 " numbers, %" PRIu64 " in text, %" PRIu64
                   " without a PE signature. Two fixed bytes stand in every 65,536th place of "
                   "random memory.",
                   report->found, all, report->counts[WX_MZ_POINTER], report->counts[WX_MZ_NUMBER],
                   report->counts[WX_MZ_TEXT], report->counts[WX_MZ_NO_HEADER]);
}

static int search(Report *report, const WxAudit *audit, const WxImageSearch *wanted) {
  const WxImageVisitor visitor = {take_image, take_letters, report};
  if (report->folder && mkdir(report->folder, 0700) && errno != EEXIST)
    return wx_problem(report->problem, -EINVAL, "cannot make the folder '%s': %s", report->folder,
                      strerror(errno));
  int error = wx_images_search(audit, wanted->start, wanted->end, &visitor);
  report->of_files = true;
  if (!error && audit->source == WX_SOURCE_LIVE && !wanted->end)
    error = wx_images_of_files(audit, &visitor);
  if (error && !*report->problem->text)
    (void)wx_problem(report->problem, error, "cannot search the memory: %s", strerror(-error));
  return error ? -EINVAL : 0;
}

int wx_audit_add_images(WxDocument *document, json_t *result, const WxAudit *audit,
                        const WxImageSearch *wanted, WxProblem *problem) {
  static const WxColumn image_columns[] = {
      {"image", WX_TEXT}, {"name", WX_TEXT},   {"version", WX_TEXT}, {"bytes", WX_BYTES},
      {"kind", WX_TEXT},  {"layout", WX_TEXT}, {"where", WX_TEXT}};
  static const WxColumn letter_columns[] = {
      {"bare MZ", WX_TEXT}, {"what it is", WX_TEXT}, {"where", WX_TEXT}};
  *problem = (WxProblem){""};
  Report report = {.problem = problem,
                   .folder = wanted->folder,
                   .images = wx_table_new("PE images", image_columns, 7),
                   .letters = wx_table_new("The first bare MZ", letter_columns, 3),
                   .image_list = wx_json_list(),
                   .letter_list = wx_json_list()};
  const int failed = search(&report, audit, wanted);
  finish(&report, document, result);
  return failed;
}
